import { runService, startProblem } from '@daftari/service-kit';
import { service } from './service.js';
import { tenantCommand } from './tenant/create-tenant.js';

const [command, ...words] = process.argv.slice(2);
if (command === 'tenant') {
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  await tenantCommand(words, process.env, say).catch((error: unknown) => {
    process.stderr.write(`${startProblem('identity', error)}\n`);
    process.exitCode = 1;
  });
} else await runService(service);
