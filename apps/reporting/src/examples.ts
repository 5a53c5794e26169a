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
