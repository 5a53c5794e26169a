import { ContractViolation, localDate } from '@daftari/kernel';
import { parseVector, readVector, validateTerms, type LoanTerms } from './index.js';

const terms: LoanTerms = {
  convention: 'progressive',
  currency: 'KES',
  decimals: 2,
  principalMinor: 100_000n,
  annualRatePercent: '12',
  numberOfInstallments: 6,
  repaymentEvery: { n: 1, unit: 'months' },
  disbursementDate: localDate('2026-01-31'),
  daysInYear: 'actual',
  daysInMonth: 'actual',
  roundingMode: 'HALF_EVEN',
};
const found = (changes: object): string[] =>
  validateTerms({ ...terms, ...changes }).map(({ path, code }) => `${path} ${code}`);

describe('terms', () => {
  it('that make sense have nothing wrong with them', () => {
    expect(validateTerms(terms)).toEqual([]);
  });

  it.each<[string, object]>([
    ['principalMinor amount/not-positive', { principalMinor: 0n }],
    ['principalMinor amount/not-positive', { principalMinor: -1n }],
    ['annualRatePercent rate/negative', { annualRatePercent: '-0.01' }],
    ['annualRatePercent rate/too-high', { annualRatePercent: '1000.01' }],
    ['annualRatePercent rate/too-precise', { annualRatePercent: '1.0000001' }],
    ['annualRatePercent rate/not-a-decimal', { annualRatePercent: 'much' }],
    ['downPaymentPercent rate/too-high', { downPaymentPercent: '100' }],
    ['numberOfInstallments count/too-many', { numberOfInstallments: 1001 }],
    ['numberOfInstallments count/not-positive', { numberOfInstallments: 0 }],
    ['numberOfInstallments count/not-an-integer', { numberOfInstallments: 1.5 }],
    ['repaymentEvery.n count/not-positive', { repaymentEvery: { n: -1, unit: 'days' } }],
    ['repaymentEvery.unit period/unknown', { repaymentEvery: { n: 1, unit: 'moons' } }],
    ['convention choice/unsupported', { convention: 'barter' }],
    ['roundingMode choice/unsupported', { roundingMode: 'SOMEHOW' }],
    ['recalculation.preClosure choice/unsupported', { recalculation: { preClosure: 'never' } }],
    ['currency currency/unknown', { currency: 'shilling' }],
    ['decimals decimals/out-of-range', { decimals: 5 }],
    ['decimals decimals/not-of-currency', { decimals: 0 }],
    [
      'installmentAmountInMultiplesOf amount/too-precise',
      { installmentAmountInMultiplesOf: '0.001' },
    ],
    ['installmentAmountInMultiplesOf amount/not-positive', { installmentAmountInMultiplesOf: '0' }],
    ['firstDueDate date/not-after-disbursement', { firstDueDate: localDate('2026-01-31') }],
    ['dueDates dates/wrong-count', { dueDates: [localDate('2026-02-28')] }],
    ['fixedLengthDays date/not-ascending', { fixedLengthDays: 20 }],
    [
      'repaymentEvery date/beyond-calendar',
      { numberOfInstallments: 1000, repaymentEvery: { n: 300, unit: 'months' } },
    ],
    ['gracePrincipal grace/too-long', { gracePrincipal: 6 }],
    ['gracePrincipal grace/not-a-count', { gracePrincipal: -1 }],
    ['graceInterest convention/unsupported', { graceInterest: 2 }],
    ['interestMethod convention/unsupported', { interestMethod: 'flat' }],
    ['disbursements list/empty', { disbursements: [] }],
    [
      'disbursements amount/not-the-principal',
      { disbursements: [{ date: terms.disbursementDate, amountMinor: 1n }] },
    ],
    [
      'disbursements.0.date date/before-disbursement',
      { disbursements: [{ date: localDate('2026-01-30'), amountMinor: 100_000n }] },
    ],
    [
      'disbursements.0.currency amount/other-currency',
      { disbursements: [{ date: terms.disbursementDate, amountMinor: 100_000n, currency: 'UGX' }] },
    ],
    [
      'rateChanges.0.effectiveDate date/before-disbursement',
      { rateChanges: [{ effectiveDate: localDate('2025-01-01'), annualRatePercent: '9' }] },
    ],
    ['ratePerPeriodPercent rate/missing', { convention: 'remaining_balance_level' }],
    [
      'weekendShift.weekend.0 choice/unsupported',
      { weekendShift: { weekend: ['caturday'], holidays: [] } },
    ],
    [
      'weekendShift.weekend weekend/no-working-day',
      {
        weekendShift: {
          weekend: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
          holidays: [],
        },
      },
    ],
  ])('are refused: %s', (expected, changes) => {
    expect(found(changes)).toEqual([expected]);
  });

  it('name each due date that does not come after the one before it', () => {
    const dates = [
      '2026-03-01',
      '2026-02-28',
      '2026-03-01',
      '2026-03-01',
      '2026-04-01',
      '2026-05-01',
    ];
    expect(found({ dueDates: dates })).toEqual([
      'dueDates.1 date/not-ascending',
      'dueDates.3 date/not-ascending',
    ]);
  });

  it('list everything at once', () => {
    const changes = { principalMinor: 0n, annualRatePercent: '-1', numberOfInstallments: 0 };
    expect(found({ ...changes, roundingMode: 'x' })).toHaveLength(4);
  });
});

const file = (changes: object = {}): object => ({
  kind: 'transactions',
  terms: {
    convention: 'progressive',
    currency: { decimals: 2 },
    principal: '1000.00',
    annualRatePercent: '0',
    numberOfInstallments: 2,
    repaymentEvery: { n: 1, unit: 'months' },
    disbursementDate: '2026-01-01',
    roundingMode: 'HALF_EVEN',
  },
  allocation: { strategy: 'penalty_fee_interest_principal' },
  events: [{ type: 'disbursement', date: '2026-01-01', amount: '1000.00' }],
  ...changes,
});
const wrong = (changes: object): string[] =>
  readVector(file(changes)).problems.map(({ path, code }) => `${path} ${code}`);
const payout = { type: 'disbursement', date: '2026-01-01', amount: '1000.00' };

describe('a file of a history', () => {
  it('that makes sense has one checkpoint after all its events when it names none', () => {
    const { input, problems } = readVector(file());
    expect(problems).toEqual([]);
    expect(input).toMatchObject({ checkpoints: [{ afterEvents: 1, businessDate: '2026-01-01' }] });
  });

  it.each<[string, object]>([
    ['events history/no-disbursement', { events: [] }],
    [
      'events.1.date date/before-disbursement',
      { events: [payout, { type: 'repayment', date: '2025-12-31', amount: '1' }] },
    ],
    [
      'events.1.amount amount/not-positive',
      { events: [payout, { type: 'repayment', date: '2026-01-02', amount: '-1' }] },
    ],
    [
      'events.1.amount amount/too-precise',
      { events: [payout, { type: 'repayment', date: '2026-01-02', amount: '1.001' }] },
    ],
    [
      'events.1.amount field/missing',
      { events: [payout, { type: 'repayment', date: '2026-01-02' }] },
    ],
    [
      'events.1.type history/unsupported',
      { events: [payout, { type: 'barter', date: '2026-01-02' }] },
    ],
    [
      'events.1.ofEvent event/unknown-reference',
      { events: [payout, { type: 'reversal', date: '2026-01-02', ofEvent: 7 }] },
    ],
    [
      'events.1.newDueDate field/missing',
      { events: [payout, { type: 'reschedule', date: '2026-02-01' }] },
    ],
    [
      'events.1.strategy choice/unsupported',
      {
        events: [payout, { type: 'prepayment', date: '2026-02-01', amount: '1', strategy: 'hope' }],
      },
    ],
    ['allocation.strategy choice/unsupported', { allocation: { strategy: 'luck' } }],
    [
      'allocation.rules.default.order.0 allocation/unknown-entry',
      {
        allocation: {
          strategy: 'rules',
          processing: 'vertical',
          rules: { default: { order: ['soon_fee'], future: 'next_installment' } },
        },
      },
    ],
    [
      'allocation.rules.default.order allocation/entry-twice',
      {
        allocation: {
          strategy: 'rules',
          processing: 'vertical',
          rules: { default: { order: ['due_fee', 'due_fee'], future: 'next_installment' } },
        },
      },
    ],
    [
      'checkpoints.0.afterEvents checkpoint/out-of-range',
      { checkpoints: [{ afterEvents: 2, businessDate: '2026-01-01' }] },
    ],
    ['terms field/wrong-type', { terms: [], events: [payout] }],
  ])('is refused: %s', (expected, changes) => {
    expect(wrong(changes)).toContain(expected);
  });

  it('with a mistyped field of the terms is refused, not taken as if it were not there', () => {
    const { terms: right } = file() as { terms: object };
    expect(wrong({ terms: { ...right, gracePrinciple: 1 } })).toEqual([
      'terms.gracePrinciple field/unknown',
    ]);
  });

  it('that cannot be used says so with all that is wrong', () => {
    const attempt = (): unknown => parseVector(file({ events: [], allocation: { strategy: 'x' } }));
    expect(attempt).toThrow(ContractViolation);
  });
});
