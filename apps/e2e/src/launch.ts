import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { eventually } from '@daftari/testing';

/** Runs the launcher and waits until it says that the platform is up; an exit before that is an error with its words. */
export const launch = async (
  dataDir: string,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> => {
  const env = { ...process.env, ...settings, DATA_DIR: dataDir, NODE_OPTIONS: '' };
  const launcher = spawn(process.execPath, [resolve('apps/standalone/dist/main.js')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [launcher.stdout, launcher.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const ended = new Promise<never>((_, fail) =>
    launcher.once('exit', () => {
      fail(new Error(`the platform did not start: ${output}`));
    }),
  );
  ended.catch(() => undefined);
  const up = eventually(() => output.includes('Daftari is up'), {
    withinMs: 280_000,
    what: 'the platform starts',
  });
  await Promise.race([up, ended]);
  return launcher;
};
