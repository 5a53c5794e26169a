import 'reflect-metadata';
import {
  createLogger,
  loadConfig,
  onShutdown,
  startProblem,
  startTracing,
} from '@daftari/service-kit';
import { GatewayConfig } from './config.js';
import { Gateway } from './gateway.js';

const fail = (error: unknown): never => {
  process.stderr.write(`${startProblem('gateway', error)}\n`);
  process.exit(1);
};

try {
  const config = loadConfig(GatewayConfig);
  const stopTracing = await startTracing('gateway', config);
  const gateway = new Gateway(config, createLogger('gateway', config.LOG_LEVEL));
  await gateway.mount();
  await gateway.server.listen({ port: config.PORT, host: config.HOST });
  onShutdown(() => gateway.close().then(stopTracing));
} catch (error) {
  fail(error);
}
