import { startPostgres, type TestPostgres } from '@daftari/testing';
import { Client } from 'pg';
import type { BusHarness } from './bus.contract.js';
import { busMigrations } from './migrations.js';
import { createPgBus } from './pg-bus.js';
import type { Bus } from './port.js';
import { type Wire, wireTo } from './test-wire.js';

/** Runs migrations on a database. */
export const migrate = async (
  url: string,
  migrations: readonly { readonly up: string }[],
): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const { up } of migrations) await client.query(up);
  await client.end();
};

let databases = 0;

/** A database of its own with the bus in it. */
export const busDatabase = async (postgres: TestPostgres): Promise<string> => {
  const url = await postgres.createDatabase(`bus_${String(++databases)}`);
  await migrate(url, busMigrations);
  return url;
};

/** The PostgreSQL bus for the contract: each client has a wire of its own. */
export const pgHarness = async (postgres: TestPostgres): Promise<BusHarness> => {
  const url = await busDatabase(postgres);
  const wires = new Map<Bus, Wire>();
  const another = async (): Promise<Bus> => {
    const wire = await wireTo(postgres.port);
    const through = new URL(url);
    through.port = String(wire.port);
    const bus = createPgBus({ connectionString: through.href, pollIntervalMs: 50 });
    wires.set(bus, wire);
    return bus;
  };
  return {
    bus: await another(),
    another,
    cut: (bus) => wires.get(bus)?.cut(),
    mend: (bus) => wires.get(bus)?.mend(),
    async close() {
      for (const [bus, wire] of wires) {
        await bus.close();
        wire.close();
      }
    },
  };
};

export { startPostgres };
