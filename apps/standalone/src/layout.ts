/** The services of the platform in the order in which they start, each with its port's distance from PORT_BASE. */
export const SERVICES = [
  { name: 'identity', offset: 1 },
  { name: 'origination', offset: 2 },
  { name: 'ledger', offset: 3 },
  { name: 'payments', offset: 4 },
  { name: 'notifications', offset: 5 },
  { name: 'reporting', offset: 6 },
] as const;

/** Names of the services that own a database. */
export type ServiceName = (typeof SERVICES)[number]['name'];

/** Every port the embedded platform takes. */
export interface Ports {
  readonly gateway: number;
  readonly sandbox: number;
  readonly smtp: number;
  readonly postgres: number;
  readonly of: Readonly<Record<ServiceName, number>>;
}

/** How far the ports of the second instance are from those of the first; each further one is ten more. */
const INSTANCE_OFFSET = 40;
const offsetOf = (instance: number): number =>
  instance === 1 ? 0 : INSTANCE_OFFSET + 10 * (instance - 2);

/** The ports for a base. Services have ports for each instance, counted from 1. */
export const portsFrom = (base: number, instance = 1): Ports => ({
  gateway: base + offsetOf(instance),
  sandbox: base + 90,
  smtp: base + 25,
  postgres: base + 32,
  of: Object.fromEntries(
    SERVICES.map(({ name, offset }) => [name, base + offsetOf(instance) + offset]),
  ) as Record<ServiceName, number>,
});
