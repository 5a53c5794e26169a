import 'reflect-metadata';
import { loadBusSettings, loadPassedOn, loadStandaloneConfig } from './load.js';
import { Platform } from './platform.js';

const started = Date.now();
const fail = (error: unknown): never => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
};

const summary = (platform: Platform, seconds: string): string => {
  const { ports, secrets } = platform;
  const gateway = `http://127.0.0.1:${String(ports.gateway)}`;
  const rows = [
    ['API', `${gateway}/api/v1`],
    ['API docs', `${gateway}/api/docs`],
    ['Mails and SMS', `http://127.0.0.1:${String(ports.sandbox)}/`],
    ['Health', `${gateway}/api/health`],
    [
      'Logins',
      ['customer', 'staff', 'admin', 'auditor', 'operator', 'vendor', 'agent']
        .map((role) => `${role}@demo.daftari.test`)
        .join('\n                  '),
    ],
    ['Password', secrets.seedPassword],
  ];
  return [
    `\nDaftari is up (${seconds} s). Ctrl-C stops it; everything is kept.\n`,
    ...rows.map(([name, value]) => `  ${(name ?? '').padEnd(15)} ${value ?? ''}`),
    '',
  ].join('\n');
};

try {
  const platform = new Platform(
    loadStandaloneConfig(process.env),
    loadBusSettings(process.env),
    loadPassedOn(process.env),
  );
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    platform.stop().then(() => process.exit(0), fail);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  await platform.start((what) => process.stdout.write(`starting ${what} ...\n`));
  process.stdout.write(`${summary(platform, ((Date.now() - started) / 1_000).toFixed(1))}\n`);
} catch (error) {
  fail(error);
}
