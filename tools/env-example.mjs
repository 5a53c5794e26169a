// Writes .env.example from the config classes; with --check it only says whether the file is up to date.
import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { BaseConfig, EdgeConfig, envExample } from '@daftari/service-kit';

const load = async (app, name) => ({
  name: app,
  config: (await import(`../apps/${app}/dist/config.js`))[name],
});
const sources = [
  { name: 'every process', config: EdgeConfig },
  { name: 'every service with a database', config: BaseConfig },
  await load('identity', 'IdentityConfig'),
  await load('origination', 'OriginationConfig'),
  await load('payments', 'PaymentsConfig'),
  await load('notifications', 'NotificationsConfig'),
  await load('gateway', 'GatewayConfig'),
  await load('sandbox', 'SandboxConfig'),
  await load('standalone', 'StandaloneConfig'),
];
const file = new URL('../.env.example', import.meta.url);
const text = envExample(sources);
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  process.stderr.write('.env.example is out of date: run `npm run env`\n');
  process.exit(1);
}
