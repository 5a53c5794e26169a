import 'reflect-metadata';
import { createLogger, loadConfig, onShutdown, startProblem } from '@daftari/service-kit';
import { GatewayConfig } from './config.js';
import { Gateway } from './gateway.js';

const fail = (error: unknown): never => {
  process.stderr.write(`${startProblem('gateway', error)}\n`);
  process.exit(1);
};

try {
  const config = loadConfig(GatewayConfig);
  const gateway = new Gateway(config, createLogger('gateway', config.LOG_LEVEL));
  await gateway.mount();
  await gateway.server.listen({ port: config.PORT, host: config.HOST });
  onShutdown(() => gateway.close());
} catch (error) {
  fail(error);
}
