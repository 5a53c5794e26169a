import { LOSABLE } from '../database-proxy.js';
import { SERVICES } from '../platform.js';
import { sleep } from '../random.js';
import type { Fault, FaultContext } from './fault.js';

const stopServer = (signal: NodeJS.Signals): Fault['strike'] =>
  async function strike({ platform, random, note }): Promise<void> {
    const times = random.int(1, 2);
    for (let index = 0; index < times; index++) {
      await sleep(random.int(1_000, 4_000));
      note(`${signal} postgres`);
      platform.signal('postgres', signal);
    }
  };

/** A database, or all of them; with the PostgreSQL bus that is one of them. */
const somewhere = ({ random, bus }: FaultContext): string =>
  random.pick([...SERVICES, ...(bus.kind === 'pg' ? ['bus', 'bus'] : []), '*']);

const heal: NonNullable<Fault['heal']> = async ({ platform }) => {
  platform.proxy.heal();
};

/** F5, F6, F10, F11: the database dies, and the way to it is cut, silent or slow. */
export const DATABASE_FAULTS: readonly Fault[] = [
  { name: 'database kill -9', row: 'F5', strike: stopServer('SIGKILL') },
  { name: 'database immediate restart', row: 'F5', strike: stopServer('SIGQUIT') },
  {
    name: 'lost answer',
    row: 'F6',
    heal,
    async strike({ platform, random, bus, note }) {
      const times = random.int(2, 4);
      for (let index = 0; index < times; index++) {
        const statement = random.pick(
          LOSABLE.filter((one) => bus.kind === 'pg' || !/produce|offset/.test(one)),
        );
        const database =
          statement === 'produce' || statement === 'offset'
            ? 'bus'
            : random.pick(
                statement === 'append' ? ['origination', 'ledger', 'payments'] : SERVICES,
              );
        const lost = random.chance(0.75) ? 'answer' : 'statement';
        platform.proxy.lose(database, { statement, nth: random.int(1, 6), lost });
        await sleep(random.int(1_500, 2_500));
        const sprung = platform.proxy.takeSprung();
        note(
          `${lost} of ${statement} in ${database}: ${sprung.length > 0 ? 'lost' : 'not passed'}`,
        );
      }
    },
  },
  {
    name: 'cut connections',
    row: 'F10',
    heal,
    async strike(context) {
      const { platform, random, note } = context;
      const times = random.int(1, 3);
      for (let index = 0; index < times; index++) {
        await sleep(random.int(500, 2_000));
        const database = somewhere(context);
        const ms = random.int(300, 4_000);
        note(`cut ${database} ${String(ms)} ms`);
        platform.proxy.cut(database);
        await sleep(ms);
        platform.proxy.heal();
      }
    },
  },
  {
    name: 'silent connections',
    row: 'F10',
    heal,
    async strike(context) {
      const { platform, random, note } = context;
      await sleep(random.int(500, 2_500));
      const database = somewhere(context);
      const ms = random.int(2_000, 8_000);
      note(`no answers from ${database} ${String(ms)} ms`);
      platform.proxy.silence(database);
      await sleep(ms);
    },
  },
  {
    name: 'slow connections',
    row: 'F11',
    heal,
    async strike(context) {
      const { platform, random, note } = context;
      const database = somewhere(context);
      const delayMs = random.int(10, 80);
      note(`${database} ${String(delayMs)} ms slower each way`);
      platform.proxy.slow(database, delayMs);
      await sleep(random.int(5_000, 8_000));
    },
  },
];
