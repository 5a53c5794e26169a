import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';

/** One process to keep running. */
export interface ProcessSpec {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly readyUrl: string;
  readonly logFile: string;
  /** JSON file with more environment by process, read at every start; empty for none. */
  readonly overridesFile: string;
}

/** A process that cannot start exits and says why; this is for one that only starts slowly. */
const READY_WITHIN_MS = 180_000;
/** A small young generation: a service is mostly waiting, and eight of them share a laptop. */
const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=4', '--optimize-for-size'];

/** Keeps one process running: starts it, waits until it is healthy, and starts it again when it dies. */
export class Supervised {
  private child: ChildProcess | undefined;
  private stopping = false;
  private lastOutput = '';

  constructor(
    readonly spec: ProcessSpec,
    private readonly onChange: () => void,
  ) {}

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts it and waits until it is healthy; an exit before that is an error that holds its last words. */
  async start(): Promise<void> {
    this.spawn(false);
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.isReady())) {
      if (this.child === undefined)
        throw new Error(this.lastOutput.trim() || `${this.spec.name} stopped at once`);
      if (Date.now() > deadline)
        throw new Error(
          `${this.spec.name} is not healthy after ${String(READY_WITHIN_MS / 1_000)} s; see ${this.spec.logFile}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    this.restartWhenItDies();
  }

  async isReady(): Promise<boolean> {
    return fetch(this.spec.readyUrl, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok,
      () => false,
    );
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise<void>((resolve) =>
      child.once('exit', () => {
        resolve();
      }),
    );
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(timer);
  }

  private spawn(restart: boolean): void {
    const log = openSync(this.spec.logFile, 'a');
    const child = spawn(process.execPath, [...NODE_FLAGS, this.spec.script], {
      env: { ...cleanEnv(), ...this.spec.env, ...overridesOf(this.spec) },
      stdio: ['ignore', log, 'pipe', 'ipc'], // over IPC it hears when this process is gone, and stops
    });
    this.child = child;
    this.lastOutput = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      this.lastOutput = (this.lastOutput + chunk.toString()).slice(-2_000);
    });
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    if (restart) this.restartWhenItDies();
    this.onChange();
  }

  private restartWhenItDies(): void {
    const { child } = this;
    const again = (): void => {
      if (this.stopping) return;
      setTimeout(() => {
        if (!this.stopping) this.spawn(true);
      }, 300);
    };
    if (!child || child.exitCode !== null || child.signalCode !== null) again();
    else child.once('exit', again);
  }
}

const overridesOf = ({ name, overridesFile }: ProcessSpec): Record<string, string> => {
  if (overridesFile === '' || !existsSync(overridesFile)) return {};
  const all = JSON.parse(readFileSync(overridesFile, 'utf8')) as Record<
    string,
    Record<string, string> | undefined
  >;
  return all[name] ?? {};
};

/** What a service inherits from the launcher's environment: nothing but what Node itself needs. */
const cleanEnv = (): Record<string, string> => {
  const kept = ['PATH', 'HOME', 'TZ', 'LANG', 'NODE_OPTIONS', 'TMPDIR', 'SystemRoot'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
};
