import { onShutdown } from '@daftari/service-kit';
import { Sandbox } from './sandbox.js';
import { sandboxConfig } from './config.js';

const fail = (error: unknown): never => {
  process.stderr.write(`sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
};

try {
  const sandbox = new Sandbox(sandboxConfig(process.env));
  await sandbox.start();
  onShutdown(() => sandbox.stop());
} catch (error) {
  fail(error);
}
