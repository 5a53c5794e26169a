import { Type } from '@sinclair/typebox';
import { type DataOf, defineMessage, Id, Instant, Text } from './define.js';
import { TOPIC } from './topics.js';

const id = '0198c2f0-0000-7000-8000-000000000001';

/** A mail or SMS was accepted by its provider, or given up. */
export const deliveryRecorded = defineMessage({
  type: 'daftari.notifications.delivery-recorded.v1',
  topic: TOPIC.deliveryV1,
  summary: 'What became of one notification on one channel.',
  schema: Type.Object({
    deliveryId: Id,
    causeMessageId: Text,
    template: Text,
    channel: Type.Union([Type.Literal('email'), Type.Literal('sms'), Type.Literal('in-app')]),
    userId: Id,
    status: Type.Union([Type.Literal('accepted'), Type.Literal('failed')]),
    at: Instant,
    reason: Type.Union([Text, Type.Null()]),
  }),
  example: {
    deliveryId: id,
    causeMessageId: id,
    template: 'repayment-success',
    channel: 'email',
    userId: id,
    status: 'accepted',
    at: '2026-02-28T08:00:01Z',
    reason: null,
  },
});
export type DeliveryRecorded = DataOf<typeof deliveryRecorded>;

/** A sensitive operation happened or was refused; the ledger keeps it in its chained audit stream. */
export const auditRecorded = defineMessage({
  type: 'daftari.platform.audit-recorded.v1',
  topic: TOPIC.auditV1,
  summary: 'Who did what, when, from where, with which result.',
  schema: Type.Object({
    action: Text,
    service: Text,
    actorId: Type.Union([Text, Type.Null()]),
    roles: Type.Array(Text),
    target: Type.Union([Text, Type.Null()]),
    result: Text,
    ip: Type.Union([Text, Type.Null()]),
    userAgent: Type.Union([Text, Type.Null()]),
    requestId: Text,
    at: Instant,
  }),
  example: {
    action: 'POST /v1/applications/:id/approve',
    service: 'origination',
    actorId: id,
    roles: ['admin'],
    target: id,
    result: '200',
    ip: '127.0.0.1',
    userAgent: 'curl/8',
    requestId: 'r-1',
    at: '2026-01-31T08:00:00Z',
  },
});
export type AuditRecorded = DataOf<typeof auditRecorded>;
