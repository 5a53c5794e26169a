// Answers as the platform gave them to one loan of KES 25,000: shown in the document of the API.

/** A notification in the app of its receiver. */
export const NOTIFICATION = {
  id: '0198c2f0-0000-7000-8000-000000000001',
  userId: '0198c2f0-0000-7000-8000-000000000002',
  template: 'repayment-success',
  channel: 'in-app',
  subject: 'We received your payment S3D3F4CEDE',
  status: 'accepted',
  body: 'Dear Asha Otieno, we received KES 700.00 on 2026-01-31.',
  createdAt: '2026-01-31T09:22:46.191Z',
  acceptedAt: '2026-01-31T09:22:47.241Z',
};

/** The job that mails it. */
export const JOB = {
  id: '0198c2f0-0000-7000-8000-000000000003',
  kind: 'deliver',
  queue: 'medium',
  state: 'dead',
  attempts: 1,
  batchId: null,
  correlationId: '0198c2f0-0000-7000-8000-000000000004',
  createdAt: '2026-01-31T09:22:46.191Z',
  dueAt: null,
  startedAt: '2026-01-31T09:22:46.302Z',
  endedAt: '2026-01-31T09:22:46.911Z',
  lastError: '550 No such mailbox',
};

/** The same with its only run. */
export const JOB_DETAILS = {
  ...JOB,
  payload: { deliveryId: JOB.id, template: 'repayment-success', channel: 'email' },
  history: [
    {
      attempt: 1,
      outcome: 'failed',
      startedAt: JOB.startedAt,
      endedAt: JOB.endedAt,
      error: JOB.lastError,
    },
  ],
};

/** The queue of it. */
export const QUEUE_STATISTICS = {
  queue: 'medium',
  queued: 0,
  running: 0,
  succeeded: 41,
  dead: 1,
  lastDay: { runs: 42, failures: 1, p50Ms: 31, p95Ms: 88, p99Ms: 609 },
};

/** An announcement on its way. */
export const BATCH = {
  id: '0198c2f0-0000-7000-8000-000000000005',
  kind: 'announcement',
  state: 'running',
  total: 240,
  succeeded: 118,
  failed: 2,
  createdAt: '2026-01-31T09:30:00.000Z',
  completedAt: null,
};
