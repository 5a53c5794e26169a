import { addDays, localDate } from '@daftari/kernel';
import fc from 'fast-check';
import { productSchedule } from '../products/table.js';
import { anyProduct } from '../testing/any-product.js';
import type { ProductTerms } from '../products/terms.js';
import { round, sameRatio } from '../ratio.js';
import { applyCharge, applyRepayment, openLoan } from '../loan.js';
import { buildSchedule } from '../schedule.js';
import type { LoanTerms } from '../terms.js';
import { allocationSentences, explainAllocation, recomputeStep } from './allocation.js';
import { explainProduct } from './product.js';
import { explainSchedule } from './schedule.js';
import { recompute, stepsInterest } from './recompute.js';
import { sentenceOf } from './sentence.js';

const loan: ProductTerms = {
  kind: 'declining_balance',
  currency: 'KES',
  decimals: 2,
  principalMinor: 1_000_000n,
  annualRatePercent: '18.25',
  numberOfInstallments: 3,
  repaymentEvery: { n: 1, unit: 'months' },
  disbursementDate: localDate('2026-01-31'),
  dayCount: 'actual/365',
  roundingMode: 'HALF_EVEN',
};

describe('an explanation of a product', () => {
  it('makes every figure of the schedule again', () => {
    fc.assert(
      fc.property(anyProduct, (terms) => {
        const explained = explainProduct(terms);
        const rows = productSchedule(terms);
        expect(explained.map((e) => recompute(e))).toEqual(
          rows.map(({ interestMinor, principalMinor }) => ({ interestMinor, principalMinor })),
        );
        for (const { interest } of explained) {
          expect(round(interest.unrounded, interest.rounding)).toBeGreaterThanOrEqual(
            interest.roundedMinor,
          );
          if (interest.rule === 'accrued') {
            expect(sameRatio(stepsInterest(interest.steps), interest.unrounded)).toBe(true);
          }
        }
      }),
      { numRuns: 150, seed: 31 },
    );
  });

  it('gives other figures when a step of it is changed', () => {
    const [first] = explainProduct(loan);
    if (!first) throw new Error('a row');
    const [step] = first.interest.steps;
    if (!step) throw new Error('a step');
    const changed = {
      ...first,
      interest: { ...first.interest, steps: [{ ...step, ratePercent: '18.5' }] },
    };
    expect(recompute(changed)).not.toEqual(recompute(first));
  });

  it('carries what one installment leaves to the next', () => {
    fc.assert(
      fc.property(anyProduct, (terms) => {
        const explained = explainProduct(terms);
        explained.slice(1).forEach(({ interest }, i) => {
          expect(interest.carriedInMinor).toBe(explained[i]?.interest.carriedOutMinor);
          expect(interest.putOffBeforeMinor).toBe(explained[i]?.interest.putOffAfterMinor);
        });
        expect(explained.at(-1)?.interest).toMatchObject({
          carriedOutMinor: 0n,
          putOffAfterMinor: 0n,
        });
      }),
      { numRuns: 60, seed: 32 },
    );
  });

  it('reads as sentences', () => {
    const sentences = explainProduct(loan).map((row) => sentenceOf(row, 2));
    expect(sentences[0]).toBe(
      'Due 2026-02-28. Interest 140.00: 10000.00 x 18.25 % x 28/365 (28 days from 2026-01-31 to 2026-02-28, ' +
        'actual/365) = 140, HALF_EVEN 140.00. Principal 3291.56: the installment of 3431.5645087..., HALF_EVEN, ' +
        'less interest; at most the 10000.00 owed. Together 3431.56.',
    );
    expect(sentences[2]).toMatch(
      /^Due 2026-04-30\. .* all that is left, and with it what rounding left\./,
    );
  });

  it('says what grace put off, and where it went', () => {
    const sentences = explainProduct({ ...loan, kind: 'bullet' }).map((row) => sentenceOf(row, 2));
    expect(sentences[0]).toContain('Interest 0.00: ');
    expect(sentences[0]).toContain('put off by grace, 140.00 so far');
    expect(sentences[2]).toContain('plus 295.00 put off by grace');
  });

  it('of flat interest says that it is spread', () => {
    const [first, , last] = explainProduct({ ...loan, kind: 'flat' }).map((row) =>
      sentenceOf(row, 2),
    );
    expect(first).toContain('an even part of the interest on what was lent');
    expect(last).toContain('what is left of the interest on what was lent');
  });
});

const progressive: LoanTerms = {
  convention: 'progressive',
  currency: 'KES',
  decimals: 2,
  principalMinor: 1_000_000n,
  annualRatePercent: '18.25',
  numberOfInstallments: 6,
  repaymentEvery: { n: 1, unit: 'months' },
  disbursementDate: localDate('2026-01-31'),
  daysInYear: 'actual',
  daysInMonth: 'actual',
  roundingMode: 'HALF_EVEN',
};

describe('an explanation of a progressive schedule', () => {
  it('makes every figure again, with tranches, rate changes, grace and installments too small for their interest', () => {
    const terms = fc.record({
      principalMinor: fc.bigInt({ min: 2n, max: 1_000_000_000n }),
      annualRatePercent: fc.integer({ min: 0, max: 90_000 }).map((bp) => (bp / 100).toFixed(2)),
      numberOfInstallments: fc.integer({ min: 1, max: 18 }),
      daysInYear: fc.constantFrom('actual' as const, '360' as const, '365' as const),
      daysInMonth: fc.constantFrom('actual' as const, '30' as const),
      roundingMode: fc.constantFrom(
        'HALF_EVEN' as const,
        'HALF_UP' as const,
        'FLOOR' as const,
        'CEILING' as const,
      ),
      second: fc.integer({ min: 0, max: 80 }),
      change: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(terms, ({ second, change, ...rest }) => {
        const start = progressive.disbursementDate;
        const half = rest.principalMinor / 2n;
        const loan: LoanTerms = {
          ...progressive,
          ...rest,
          disbursements: [
            { date: start, amountMinor: rest.principalMinor - half },
            { date: addDays(start, second), amountMinor: half },
          ],
          rateChanges: [{ effectiveDate: addDays(start, change), annualRatePercent: '31' }],
        };
        const rows = buildSchedule(loan);
        expect(explainSchedule(loan).map((e) => recompute(e))).toEqual(
          rows.map(({ interestMinor, principalMinor }) => ({ interestMinor, principalMinor })),
        );
      }),
      { numRuns: 40, seed: 41 },
    );
  });

  it('is refused for conventions that do not explain themselves, and follows the product for product loans', () => {
    expect(() => explainSchedule({ ...progressive, convention: 'cumulative' })).toThrow(
      'explain themselves',
    );
    const product = { kind: 'bullet', dayCount: 'actual/365' } as const;
    const terms: LoanTerms = { ...progressive, convention: 'product', product };
    expect(explainSchedule(terms)).toEqual(explainProduct({ ...terms, ...product }));
  });
});

describe('an explanation of an allocation', () => {
  const strategies = [
    'penalty_fee_interest_principal',
    'principal_interest_penalty_fee',
    'due_pfip_then_advance_ppfi',
  ] as const;

  it('adds up to the payment, step by step, and is what the payment then does', () => {
    const cases = fc.record({
      strategy: fc.constantFrom(...strategies),
      after: fc.integer({ min: 0, max: 250 }),
      amountMinor: fc.bigInt({ min: 1n, max: 1_500_000n }),
      recalculates: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ strategy, after, amountMinor, recalculates }) => {
        const terms: LoanTerms = recalculates
          ? { ...progressive, recalculation: { preClosure: 'till_pre_close_date' } }
          : progressive;
        const opened = applyCharge(openLoan(terms), {
          date: addDays(terms.disbursementDate, 40),
          amountMinor: 700n,
          part: 'fee',
        });
        const payment = { date: addDays(terms.disbursementDate, after), amountMinor };
        const explained = explainAllocation(opened, payment, { strategy });
        const { parts } = applyRepayment(opened, payment, { strategy });
        let left = amountMinor;
        const sums = { principal: 0n, interest: 0n, fee: 0n, penalty: 0n };
        for (const step of explained.steps) {
          expect(step.leftMinor).toBe(left);
          expect(recomputeStep(step)).toBe(step.paidMinor);
          left -= step.paidMinor;
          sums[step.part] += step.paidMinor;
        }
        expect(explained.overpaymentMinor).toBe(left);
        expect(parts).toEqual({
          principalMinor: sums.principal,
          interestMinor: sums.interest,
          feesMinor: sums.fee,
          penaltiesMinor: sums.penalty,
          overpaymentMinor: left,
        });
      }),
      { numRuns: 40, seed: 43 },
    );
  });

  it('reads as sentences', () => {
    const payment = { date: localDate('2026-03-10'), amountMinor: 200_000n };
    const opened = openLoan({ ...progressive, annualRatePercent: '0' });
    const explained = explainAllocation(opened, payment, {
      strategy: 'penalty_fee_interest_principal',
    });
    expect(allocationSentences(explained, 2)).toEqual([
      '1666.67 principal of installment 1 (2026-02-28, past due): all that was owed; 333.33 left.',
      '333.33 principal of installment 2 (2026-03-31, in advance): the rest of the money; 0.00 left.',
    ]);
  });
});
