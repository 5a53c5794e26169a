// Answers as the platform gave them to one loan of KES 25,000: shown in the document of the API.

/** A journal entry. */
export const ENTRY = {
  code: null,
  kind: 'repayment-allocated',
  loanId: '0198c2f0-0000-7000-8000-000000000001',
  reason: null,
  status: 'posted',
  actorId: 'system',
  amounts: {
    fees: '0.00',
    amount: '700.00',
    interest: '336.62',
    penalties: '0.00',
    principal: '363.38',
    overpayment: '0.00',
  },
  currency: 'KES',
  postings: [{ side: 'debit', amount: '700.00', account: 'liability:repayment-clearing' }],
  revision: '6',
  paymentId: '0198c2f0-0000-7000-8000-000000000002',
  reference: 'S3D3F4CEDE',
  recordedAt: '2026-01-31T09:22:46.182Z',
  causationId: '0198c2f0-0000-7000-8000-000000000003',
  effectiveOn: '2026-01-31',
  correlationId: '0198c2f0-0000-7000-8000-000000000004',
  transactionId: '0198c2f0-0000-7000-8000-000000000005',
};

/** Capital that was brought in. */
export const CAPITAL = {
  transactionId: '0198c2f0-0000-7000-8000-000000000006',
  status: 'posted',
  kind: 'capital-injected',
  currency: 'KES',
  amounts: { amount: '10000000.00' },
  effectiveOn: '2026-01-31',
  recordedAt: '2026-01-31T09:22:37.879Z',
  revision: '0',
  loanId: null,
  paymentId: null,
  reference: 'Bank transfer 4711',
  postings: [{ account: 'asset:float', side: 'debit', amount: '10000000.00' }],
  code: null,
  reason: null,
  actorId: '0198c2f0-0000-7000-8000-000000000007',
  correlationId: '0198c2f0-0000-7000-8000-000000000008',
  causationId: '0198c2f0-0000-7000-8000-000000000009',
};

/** A line of the trial balance. */
export const ACCOUNT = {
  account: 'asset:disbursement-clearing',
  currency: 'KES',
  normalSide: 'debit',
  debits: '25000.00',
  credits: '25000.00',
  balance: '0.00',
};

/** A line of a statement. */
export const STATEMENT_LINE = {
  revision: '0',
  line: 0,
  transactionId: '0198c2f0-0000-7000-8000-000000000006',
  side: 'debit',
  amount: '10000000.00',
  currency: 'KES',
  balanceAfter: '10000000.00',
  effectiveOn: '2026-01-31',
  recordedAt: '2026-01-31T09:22:37.879Z',
  loanId: null,
  paymentId: null,
  reference: 'Bank transfer 4711',
};

/** An audit event. */
export const AUDIT_EVENT = {
  time: '2026-01-31T09:22:49.482Z',
  type: 'daftari.platform.audit-recorded.v1',
  topic: 'daftari.platform.audit.v1',
  source: '/daftari/ledger',
  subject: '0198c2f0-0000-7000-8000-000000000010',
  revision: '77',
  messageId: '0198c2f0-0000-7000-8000-000000000011',
  operation: {
    at: '2026-01-31T09:22:49.482Z',
    ip: '127.0.0.1',
    roles: ['auditor'],
    action: 'GET /v1/ledger/trail',
    result: '200',
    target: null,
    actorId: '0198c2f0-0000-7000-8000-000000000012',
    service: 'ledger',
    requestId: '0198c2f0-0000-7000-8000-000000000013',
    userAgent: 'node',
  },
  causationId: null,
  correlationId: '0198c2f0-0000-7000-8000-000000000013',
};

/** All about one loan. */
export const TRAIL = {
  entries: [
    {
      code: null,
      kind: 'disbursement-reserved',
      loanId: '0198c2f0-0000-7000-8000-000000000001',
      reason: null,
      status: 'posted',
      actorId: 'system',
      amounts: { amount: '25000.00', principal: '25000.00' },
      currency: 'KES',
      postings: [{ side: 'debit', amount: '25000.00', account: 'asset:disbursement-clearing' }],
      revision: '1',
      paymentId: '0198c2f0-0000-7000-8000-000000000014',
      reference: '0198c2f0-0000-7000-8000-000000000014',
      recordedAt: '2026-01-31T09:22:40.945Z',
      causationId: '0198c2f0-0000-7000-8000-000000000015',
      effectiveOn: '2026-01-31',
      correlationId: '0198c2f0-0000-7000-8000-000000000016',
      transactionId: '0198c2f0-0000-7000-8000-000000000017',
    },
  ],
  audit: [
    {
      time: '2026-01-31T09:22:40.117Z',
      type: 'daftari.origination.loan-status-changed.v1',
      topic: 'daftari.origination.loan.v1',
      source: '/daftari/origination',
      subject: '0198c2f0-0000-7000-8000-000000000001',
      revision: '20',
      messageId: '0198c2f0-0000-7000-8000-000000000018',
      operation: null,
      causationId: '0198c2f0-0000-7000-8000-000000000019',
      correlationId: '0198c2f0-0000-7000-8000-000000000020',
    },
  ],
};

/** A proof of the journal. */
export const VERIFIED = {
  ok: true,
  checks: [{ name: 'hash-chain', ok: true, detail: '84 events' }],
  entries: 7,
  lastPosition: 'pg:00000000000000000085',
  headHash: '635672a70517f93a3a836da6fe52aa2d5b02f7096684308a84bcff6674385f1f',
};
