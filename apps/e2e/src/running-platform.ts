import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually, platformState, type PlatformState } from '@daftari/testing';

/** An embedded platform of a test's own: the real launcher, a fresh data folder, its own ports. */
export class RunningPlatform {
  private constructor(
    private readonly launcher: ChildProcess,
    readonly dataDir: string,
  ) {}

  static async start(portBase: number): Promise<RunningPlatform> {
    const dataDir = mkdtempSync(join(tmpdir(), 'daftari-e2e-'));
    chmodSync(dataDir, 0o755); // the database runs as a user of its own when tests run as root
    const env = {
      ...process.env,
      DATA_DIR: dataDir,
      PORT_BASE: String(portBase),
      NODE_OPTIONS: '',
    };
    const launcher = spawn(process.execPath, [resolve('apps/standalone/dist/main.js')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [launcher.stdout, launcher.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    const platform = new RunningPlatform(launcher, dataDir);
    await eventually(
      () => {
        if (launcher.exitCode !== null) throw new Error(output);
        return output.includes('Daftari is up');
      },
      { withinMs: 120_000, what: 'the platform starts' },
    );
    return platform;
  }

  get state(): PlatformState {
    return platformState(this.dataDir);
  }

  /** kill -9 of one process; the launcher starts it again. */
  kill(name: string): void {
    const pid = this.state.pids[name];
    if (pid === undefined || pid === 0) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  async stop(): Promise<void> {
    const gone = new Promise<void>((done) =>
      this.launcher.once('exit', () => {
        done();
      }),
    );
    this.launcher.kill('SIGTERM');
    await gone;
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
