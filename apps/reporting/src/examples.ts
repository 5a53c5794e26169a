// Answers as the platform gave them to one loan of KES 25,000: shown in the document of the API.

/** The portfolio. */
export const PORTFOLIO = {
  asOf: '2026-01-31',
  byStatus: [
    {
      status: 'active',
      currency: 'KES',
      loans: 1,
      disbursed: '25000.00',
      principalOutstanding: '16467.62',
      credit: '0.00',
    },
  ],
};

/** What was collected. */
export const COLLECTIONS = {
  from: '2026-10-27',
  to: '2026-01-31',
  days: [
    {
      day: '2026-01-31',
      currency: 'KES',
      due: '0.00',
      collected: '9369.00',
      principal: '8532.38',
      interest: '836.62',
      fees: '0.00',
      penalties: '0.00',
      overpayment: '0.00',
    },
  ],
};

/** What is overdue. */
export const ARREARS = {
  asOf: '2026-01-31',
  loans: [
    {
      loanId: '0198c2f0-0000-7000-8000-000000000001',
      customerId: '0198c2f0-0000-7000-8000-000000000002',
      accountReference: 'LN72412310',
      currency: 'KES',
      principalOutstanding: '16467.62',
      overdue: '0.00',
      daysPastDue: 0,
      bucket: 'current',
    },
  ],
  par: [{ name: 'PAR1', currency: 'KES', numerator: '0.00', denominator: '16467.62', ratioBps: 0 }],
};

/** How fast money is posted and told of. */
export const TIMINGS = {
  settledToPosted: { count: 2, p50Seconds: 0.20850000000000002, p95Seconds: 0.30255 },
  settledToMailed: { count: 2, p50Seconds: 1.8290000000000002, p95Seconds: 2.4932 },
};

/** The loans against the ledger. */
export const CHECK = { ok: true, compared: 1, differences: [] };

/** A message that its service could not handle. */
export const DEAD_LETTER = {
  id: 'daftari.payments.payment.v1~reporting~0',
  topic: 'daftari.payments.payment.v1',
  group: 'reporting',
  cause: 'message/invalid',
  message: 'data/amount must match pattern',
  attempts: 1,
  failedAt: '2026-01-31T09:30:00.000Z',
  tenantId: '9081d4bc-c86b-5a18-b0dd-fc7d0d45fe31',
  type: 'daftari.payments.payment-settled.v1',
  messageId: '0198c2f0-7d1e-7000-8000-000000000001',
  correlationId: '0198c2f0-7d1e-7000-8000-000000000002',
  key: '0198c2f0-7d1e-7000-8000-000000000003',
  original: { partition: 3, offset: '41' },
  resolution: null,
};
/** The same with its contents. */
export const DEAD_LETTER_CONTENTS = {
  ...DEAD_LETTER,
  value: '{"amount":"many"}',
  headers: { 'ce-type': DEAD_LETTER.type },
};
const decided = {
  by: '0198c2f0-7d1e-7000-8000-000000000004',
  reason: 'fixed in release 1.4',
  at: '2026-01-31T10:00:00.000Z',
};
/** The same, handed to its service again. */
export const REPLAYED = { ...DEAD_LETTER, resolution: { kind: 'replayed', ...decided } };
/** The same, given up. */
export const DISCARDED = { ...DEAD_LETTER, resolution: { kind: 'discarded', ...decided } };
