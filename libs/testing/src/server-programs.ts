import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** A server cannot run on this machine; the message is one line that says what is missing. */
export class ServerUnavailable extends Error {}

/** Is there a program of this name on the PATH? */
export const onPath = (program: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/**
 * Decides whether a suite that needs a server runs. Without one it fails when the variable is 1, and else says loudly
 * that it is skipped. Called where suites are defined.
 */
export const requireServer = (
  title: string,
  { available, variable, lacks }: { available: boolean; variable: string; lacks: string },
): boolean => {
  if (available) return true;
  if (process.env[variable] === '1') {
    test(title, () => {
      throw new Error(`${variable}=1, but this suite ${lacks}`);
    });
  } else {
    process.stderr.write(`\n!!! SKIPPED: ${title}: ${lacks}.\n\n`);
    test.skip(title, () => undefined);
  }
  return false;
};

/** What Maven is to fetch. */
export interface Fetched {
  /** What it is, for errors. */
  readonly what: string;
  /** The folder of the pom.xml that names it. */
  readonly pom: string;
  /** The folder that is to hold it. */
  readonly into: string;
  /** Maven's goal and options that fill a folder. */
  readonly goal: (folder: string) => readonly string[];
}

/** The folder with what Maven Central has; fetched once. Throws ServerUnavailable when that is not possible. */
export const fetchByMaven = ({ what, pom, into, goal }: Fetched): string => {
  if (existsSync(into)) return into;
  mkdirSync(dirname(into), { recursive: true });
  const fetched = mkdtempSync(join(dirname(into), 'fetch-'));
  const { error, status, stdout } = spawnSync('mvn', ['-q', '-B', ...goal(fetched)], {
    cwd: pom,
    encoding: 'utf8',
  });
  if (error || status !== 0) {
    rmSync(fetched, { recursive: true, force: true });
    const why = error
      ? 'there is no `mvn` on the PATH'
      : (stdout.split('\n').find((line) => line.includes('ERROR')) ?? 'it failed');
    throw new ServerUnavailable(`${what} are fetched by Maven: ${why}.`);
  }
  try {
    renameSync(fetched, into);
  } catch {
    rmSync(fetched, { recursive: true, force: true }); // another process was faster
  }
  return into;
};
