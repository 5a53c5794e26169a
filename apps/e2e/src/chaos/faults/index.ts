import { sleep } from '../random.js';
import { BACKLOG_FAULT } from './backlog.js';
import { BROKER_FAULTS } from './brokers.js';
import { CRASH_FAULTS } from './crash-points.js';
import { DATABASE_FAULTS } from './database.js';
import type { Fault } from './fault.js';
import { MESSAGE_FAULTS } from './messages.js';
import { PROCESS_FAULTS } from './processes.js';
import { RESOURCE_FAULTS } from './resources.js';

/** F16: the provider loses answers, repeats and contradicts itself. */
const PROVIDER: Fault = {
  name: 'provider',
  row: 'F16',
  provider: true,
  strike: () => sleep(1_000),
};

/** Nothing goes wrong: what a round costs by itself. */
const CALM: Fault = { name: 'none', row: '-', special: true, strike: async () => undefined };

/** Every kind of fault. */
export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...CRASH_FAULTS,
  ...DATABASE_FAULTS,
  ...MESSAGE_FAULTS,
  ...RESOURCE_FAULTS,
  ...BROKER_FAULTS,
  PROVIDER,
  BACKLOG_FAULT,
  CALM,
];
