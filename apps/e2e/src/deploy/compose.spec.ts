import { Ajv2019 } from 'ajv/dist/2019.js';
import { isThere, textOf, yamlOf } from './files.js';

interface Service {
  readonly image: string;
  readonly build?: { readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly healthcheck?: unknown;
  readonly ports?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const compose = yamlOf('docker-compose.yml') as Compose;
const services = Object.entries(compose.services);
const OWN = [
  'gateway',
  'identity',
  'origination',
  'ledger',
  'payments',
  'notifications',
  'reporting',
  'sandbox',
];
const secretsMade = textOf('deploy/make-secrets.sh');

/** Of the drivers for Kafka and EventStoreDB. */
const DRIVERS = ['KAFKA_BROKERS', 'KAFKA_REPLICATION_FACTOR', 'EVENT_STORE', 'EVENTSTORE_URL'];
/** Read by the entrypoint and the drivers that this profile chooses, beside the variables of .env.example. */
const known = new Set([
  'SERVICE',
  ...DRIVERS,
  ...[...textOf('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name),
]);

describe('docker-compose.yml', () => {
  it('keeps to the published schema of Compose', () => {
    // It names its parts by the `id` of an older draft, which ajv refuses; nothing refers to them.
    const schema = JSON.parse(
      textOf('deploy/compose/compose-spec.schema.json'),
      (key, value: unknown) =>
        (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
    ) as object;
    const formats = { ports: true, expose: true, duration: true, subnet_ip_address: true } as const;
    const ajv = new Ajv2019({ strict: false, allErrors: true, formats });
    const isValid = ajv.validate(schema, compose);
    expect(ajv.errors ?? []).toEqual([]);
    expect(isValid).toBe(true);
    expect(ajv.validate(schema, { services: { broken: { image: 5 } } })).toBe(false);
  });

  it('runs every process of the platform from one image, and says how each is started', () => {
    const own = services.filter(([, { image }]) => image.startsWith('daftari:'));
    expect(own.map(([name]) => name).sort()).toEqual([...OWN, 'migrate'].sort());
    for (const name of OWN) expect(compose.services[name]?.environment?.['SERVICE']).toBe(name);
    const [built] = services.flatMap(([, { build }]) => (build ? [build.dockerfile] : []));
    expect(isThere(built ?? '')).toBe(true);
    for (const name of OWN) expect(isThere(`apps/${name}/src/main.ts`)).toBe(true);
  });

  it('sets only variables that a process reads', () => {
    const own = services.filter(([, { image }]) => image.startsWith('daftari:'));
    const unknown = own.flatMap(([name, { environment = {} }]) =>
      Object.keys(environment)
        .map((variable) => variable.replace(/_FILE$/, ''))
        .filter((variable) => !known.has(variable) && !known.has(`${variable}_FILE`))
        .map((variable) => `${name}: ${variable}`),
    );
    expect(unknown).toEqual([]);
  });

  it('names only services, volumes, secrets and files that exist', () => {
    const missing = services.flatMap(([name, { depends_on: needs, volumes, secrets }]) => {
      const wanted = Array.isArray(needs) ? (needs as string[]) : Object.keys(needs ?? {});
      return [
        ...wanted.filter((other) => !(other in compose.services)),
        ...(secrets ?? []).filter((secret) => !(secret in compose.secrets)),
        ...(volumes ?? [])
          .map((volume) => volume.split(':')[0] ?? '')
          .filter((from) => (from.startsWith('./') ? !isThere(from) : !(from in compose.volumes))),
      ].map((what) => `${name}: ${what}`);
    });
    expect(missing).toEqual([]);
  });

  it('lets one job make the topics of every service, before any of them starts', () => {
    const onBus = services.filter(([, { environment = {} }]) => environment['BUS'] === 'kafka');
    const needing = onBus.filter(([name]) => name !== 'migrate');
    expect(onBus.map(([name]) => name).sort()).toEqual(
      ['migrate', ...OWN.filter((name) => !['gateway', 'sandbox'].includes(name))].sort(),
    );
    for (const [, { environment, depends_on: needs }] of needing) {
      expect(environment?.['BUS_CREATE_TOPICS']).toBe('false');
      expect(needs).toMatchObject({ migrate: { condition: 'service_completed_successfully' } });
    }
    const [, made = ''] = /^SERVICES='(.*)'$/m.exec(textOf('deploy/docker/entrypoint.sh')) ?? [];
    expect(made.split(' ').sort()).toEqual(needing.map(([name]) => name).sort());
  });

  it('gives secrets as files, each of which make-secrets.sh makes, and holds none itself', () => {
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(`./deploy/secrets/${name}`);
      expect(secretsMade).toContain(name.replace(/^[a-z]+_database_url$/, '_database_url'));
    }
    expect(textOf('.gitignore')).toContain('/deploy/secrets/');
    const open = services.flatMap(([name, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([key]) => /(PASSWORD|SECRET|TOKEN|PASSKEY|_KEY|DATABASE_URL)$/.test(key))
        .map(([key]) => `${name}: ${key}`),
    );
    expect(open).toEqual([]);
  });

  it('waits for health in order and lets only nginx be reached from outside', () => {
    const gateway = Object.keys(compose.services['gateway']?.depends_on ?? {});
    expect(gateway.sort()).toEqual(
      OWN.filter((name) => !['gateway', 'sandbox'].includes(name)).sort(),
    );
    for (const name of ['postgres', 'kafka', 'eventstore', 'redis', 'nginx'])
      expect(compose.services[name]?.healthcheck).toBeDefined();
    const open = services.filter(([, { ports = [] }]) =>
      ports.some((port) => !port.startsWith('127.0.0.1:')),
    );
    expect(open.map(([name]) => name)).toEqual(['nginx']);
  });
});
