import type { BusMessage, OutgoingMessage } from './port.js';
import type { IntegrationMessage } from './message.js';

/** A message as a service would send it. */
export const integrationMessage = (
  id: string,
  changes: Partial<IntegrationMessage> = {},
): IntegrationMessage => ({
  id,
  type: 'daftari.payments.payment-settled.v1',
  topic: 'payments',
  key: 'payment-1',
  source: '/daftari/payments',
  time: '2026-01-02T03:04:05.000Z',
  tenantId: 'acme',
  correlationId: 'c-1',
  data: { id },
  ...changes,
});

/** What a consumer of the bus would get for a sent message. */
export const delivered = (
  message: OutgoingMessage,
  changes: Partial<BusMessage> = {},
): BusMessage => ({
  ...message,
  partition: 0,
  offset: 0n,
  timestamp: new Date(0),
  ...changes,
});

/** A promise that a test opens. */
export const gate = (): { readonly opened: Promise<void>; open(): void } => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};
