// Answers as the platform gave them to one loan of KES 25,000: shown in the document of the API.

/** A payment in a list. */
export const PAYMENT_ROW = {
  paymentId: '0198c2f0-0000-7000-8000-000000000001',
  loanId: '0198c2f0-0000-7000-8000-000000000002',
  method: 'mpesa-c2b',
  amount: { amount: '700.00', currency: 'KES' },
  currency: 'KES',
  status: 'succeeded',
  receipt: 'S3D3F4CEDE',
  createdAt: '2026-01-31T09:22:44.937Z',
};

/** A payment. */
export const PAYMENT = {
  paymentId: '0198c2f0-0000-7000-8000-000000000001',
  loanId: '0198c2f0-0000-7000-8000-000000000002',
  method: 'mpesa-c2b',
  amount: { amount: '700.00', currency: 'KES' },
  receipt: 'S3D3F4CEDE',
  history: [{ event: 'PaymentInitiated', at: '2026-01-31T09:22:44.937Z' }],
  status: 'succeeded',
};

/** All about one payment. */
export const TRAIL = {
  events: [
    {
      type: 'PaymentInitiated',
      data: {
        paymentId: '0198c2f0-0000-7000-8000-000000000001',
        loanId: null,
        customerId: null,
        method: 'mpesa-c2b',
        amount: { amount: '700.00', currency: 'KES' },
        phone: '',
        accountReference: 'NOSUCHLOAN',
      },
      revision: '0',
      recordedAt: '2026-01-31T09:22:44.937Z',
      metadata: {
        schemaVersion: '1',
        tenantId: '0198c2f0-0000-7000-8000-000000000003',
        actorId: 'system',
        correlationId: 'c2b-S3D3F4CEDE',
        causationId: 'callback-3',
      },
    },
  ],
  messages: [
    {
      id: '0198c2f0-0000-7000-8000-000000000004',
      type: 'daftari.payments.payment-status-changed.v1',
      topic: 'daftari.payments.payment.v1',
      key: '0198c2f0-0000-7000-8000-000000000001',
      source: '/daftari/payments',
      subject: 'payment-0198c2f0-0000-7000-8000-000000000001',
      time: '2026-01-31T09:22:44.937Z',
      tenantId: '0198c2f0-0000-7000-8000-000000000003',
      correlationId: 'c2b-S3D3F4CEDE',
      causationId: '0198c2f0-0000-7000-8000-000000000005',
      sequence: '0',
      data: {
        paymentId: '0198c2f0-0000-7000-8000-000000000001',
        loanId: null,
        customerId: null,
        method: 'mpesa-c2b',
        amount: { amount: '700.00', currency: 'KES' },
        status: 'initiated',
        reason: null,
      },
    },
  ],
  providerCalls: [],
  callbacks: [
    {
      receivedAt: '2026-01-31T09:22:44.781Z',
      kind: 'c',
      status: 'done',
      raw: '{"TransactionType":"Pay Bill","TransID":"S3D3F4CEDE"}',
    },
  ],
};

/** A disbursement. */
export const DISBURSEMENT = {
  disbursementId: '0198c2f0-0000-7000-8000-000000000006',
  loanId: '0198c2f0-0000-7000-8000-000000000002',
  customerId: '0198c2f0-0000-7000-8000-000000000007',
  amount: { amount: '25000.00', currency: 'KES' },
  effectiveOn: '2026-01-31',
  status: 'completed',
  receipt: 'SE5E799447',
  reason: null,
  review: null,
};

/** An item that people settled. */
export const REVIEW_ITEM = {
  id: '0198c2f0-0000-7000-8000-000000000008',
  kind: 'unallocated-payment',
  subject: { type: 'payment', id: '0198c2f0-0000-7000-8000-000000000001' },
  reason: 'no loan has the account reference "NOSUCHLOAN"',
  amount: { amount: '700.00', currency: 'KES' },
  details: {
    method: 'mpesa-c2b',
    receipt: 'S3D3F4CEDE',
    waitsForLoanId: null,
    accountReference: 'NOSUCHLOAN',
  },
  status: 'resolved',
  actions: [],
  openedAt: '2026-01-31T09:22:45.027Z',
  resolution: {
    resolution: 'PaymentAllocated',
    by: '0198c2f0-0000-7000-8000-000000000009',
    reason: 'showed the message',
    at: '2026-01-31T09:22:45.824Z',
  },
};
