import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KafkaConfig } from 'kafkajs';

/** A user who may log in to a broker that wants TLS, by PLAIN or SCRAM-SHA-256. */
export interface KafkaUser {
  readonly username: string;
  readonly password: string;
}

const STORE_PASSWORD = 'of-a-test';
const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';

/** The certificate of a secured Kafka, which signs itself, as a PEM file. */
export const certificateIn = (dataDir: string): string => join(dataDir, 'ca.pem');
const keyStoreIn = (dataDir: string): string => join(dataDir, 'broker.p12');

const keytool = (dataDir: string, words: readonly string[]): void => {
  const store = ['-keystore', keyStoreIn(dataDir), '-storepass', STORE_PASSWORD];
  const { status, stdout } = spawnSync('keytool', [...words, ...store, '-alias', 'broker'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`keytool ${words[0] ?? ''}: ${stdout}`);
};

/** Makes the broker's key and its certificate for loopback in a folder; what is there stays. */
export const makeCertificate = (dataDir: string): void => {
  if (existsSync(certificateIn(dataDir))) return;
  const names = ['-dname', 'CN=kafka-of-a-test', '-ext', 'san=ip:127.0.0.1,dns:localhost'];
  keytool(dataDir, ['-genkeypair', '-keyalg', 'EC', '-validity', '2', ...names]);
  keytool(dataDir, ['-exportcert', '-rfc', '-file', certificateIn(dataDir)]);
};

/** What a broker with a SASL_SSL listener has in its properties. */
export const securityProperties = (
  dataDir: string,
  { username, password }: KafkaUser,
): Record<string, string> => ({
  'ssl.keystore.type': 'PKCS12',
  'ssl.keystore.location': keyStoreIn(dataDir),
  'ssl.keystore.password': STORE_PASSWORD,
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': certificateIn(dataDir),
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256',
  'sasl.mechanism.inter.broker.protocol': 'PLAIN',
  'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': SCRAM,
  'listener.name.sasl_ssl.plain.sasl.jaas.config': `${PLAIN} username="${username}" password="${password}" user_${username}="${password}";`,
});

/** The words that make the user known to SCRAM when a broker's folder is formatted. */
export const scramUser = ({ username, password }: KafkaUser): string[] => [
  '--add-scram',
  `SCRAM-SHA-256=[name=${username},password=${password}]`,
];

/** How a client reaches it. */
export const securedClient = (
  dataDir: string,
  user: KafkaUser,
): Pick<KafkaConfig, 'ssl' | 'sasl'> => ({
  ssl: { ca: [readFileSync(certificateIn(dataDir), 'utf8')] },
  sasl: { mechanism: 'plain', ...user },
});
