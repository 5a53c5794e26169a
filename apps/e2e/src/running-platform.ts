import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { eventually, platformState, type PlatformState } from '@daftari/testing';
import { launch } from './launch.js';
import { activeProfile } from './profile.js';

// A whole platform on a machine that does other things too.
jest.setTimeout(240_000);

/** An embedded platform of a test's own: the real launcher, a fresh data folder, its own ports. */
export class RunningPlatform {
  private constructor(
    private launcher: ChildProcess,
    readonly dataDir: string,
    private readonly env: Readonly<Record<string, string>>,
    private readonly closeProfile: () => Promise<void>,
  ) {}

  /** Starts one in the active profile; `settings` are further environment variables of the launcher. */
  static async start(
    portBase: number,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<RunningPlatform> {
    const { portShift, open } = activeProfile();
    const profile = await open();
    const dataDir = mkdtempSync(join(tmpdir(), 'daftari-e2e-'));
    chmodSync(dataDir, 0o755); // the database runs as a user of its own when tests run as root
    const env = { ...profile.settings, ...settings, PORT_BASE: String(portBase + portShift) };
    try {
      return new RunningPlatform(await launch(dataDir, env), dataDir, env, profile.close);
    } catch (error) {
      await profile.close();
      throw error;
    }
  }

  get state(): PlatformState {
    return platformState(this.dataDir);
  }

  /** Starts on the same data folder, after the launcher has ended. */
  async startAgain(): Promise<void> {
    this.launcher = await launch(this.dataDir, this.env);
  }

  /** kill -9 of one process, as soon as it runs; the launcher starts it again. */
  async kill(name: string): Promise<void> {
    const strike = (): boolean => {
      const pid = this.state.pids[name] ?? 0;
      return pid > 0 && process.kill(pid, 'SIGKILL'); // 0 would be this process's own group
    };
    await eventually(strike, { withinMs: 60_000, what: `${name} is there to be killed` });
  }

  /** kill -9 of the launcher and everything that it runs, at one moment. */
  killEverything(): void {
    const { launcher, pids } = this.state;
    for (const pid of [launcher, ...Object.values(pids)]) if (pid > 0) process.kill(pid, 'SIGKILL');
  }

  /** Ctrl-C; gives the launcher's exit code. */
  async interrupt(): Promise<number | null> {
    const { launcher } = this;
    if (launcher.exitCode !== null || launcher.signalCode !== null) return launcher.exitCode;
    const gone = new Promise<void>((done) =>
      launcher.once('exit', () => {
        done();
      }),
    );
    launcher.kill('SIGINT');
    await gone;
    return launcher.exitCode;
  }

  /** Stops everything and forgets the data. */
  async stop(): Promise<void> {
    await this.interrupt();
    await this.closeProfile();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
