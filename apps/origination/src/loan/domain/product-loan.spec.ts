import { applyRepayment, outstanding } from '@daftari/lending-math';
import { localDate } from '@daftari/kernel';
import { productFixture } from '../../testing/product-fixture.js';
import type { ProductChoice } from '../../product/domain/product.js';
import { installmentsOf, openedLoan, ruleOf } from './figures.js';
import type { LoanFacts } from './loan.js';

const facts = (product: Partial<ProductChoice>): LoanFacts => ({
  loanId: 'loan',
  customerId: 'customer',
  accountReference: 'L-1',
  tenantId: 'tenant',
  applicationId: 'application',
  productId: 'product',
  productVersion: 1,
  productName: 'Biashara',
  principal: { amount: '12000.00', currency: 'KES' },
  numberOfInstallments: 3,
  phone: '+254700000000',
  approvedOn: '2026-01-14',
  terms: {
    ...productFixture().terms,
    convention: 'product',
    product: {
      kind: 'flat',
      dayCount: '30e/360',
      balloonPercent: null,
      step: null,
      gracePrincipal: 0,
      graceInterest: 0,
      interestFreePeriods: 0,
      ...product,
    },
  },
});
const due = (product: Partial<ProductChoice>) =>
  installmentsOf(openedLoan(facts(product), '2026-01-15')).map((i) => [i.principal, i.interest]);

describe('a loan of a named product', () => {
  it.each<[string, Partial<ProductChoice>, string[][]]>([
    [
      'flat',
      {},
      [
        ['4000.00', '240.00'],
        ['4000.00', '240.00'],
        ['4000.00', '240.00'],
      ],
    ],
    [
      'equal principal',
      { kind: 'equal_principal' },
      [
        ['4000.00', '240.00'],
        ['4000.00', '160.00'],
        ['4000.00', '80.00'],
      ],
    ],
    [
      'interest only',
      { kind: 'interest_only' },
      [
        ['0.00', '240.00'],
        ['0.00', '240.00'],
        ['12000.00', '240.00'],
      ],
    ],
    [
      'bullet',
      { kind: 'bullet' },
      [
        ['0.00', '0.00'],
        ['0.00', '0.00'],
        ['12000.00', '720.00'],
      ],
    ],
    [
      'balloon',
      { kind: 'balloon', balloonPercent: '50' },
      [
        ['1960.53', '240.00'],
        ['1999.74', '200.79'],
        ['8039.73', '160.79'],
      ],
    ],
    [
      'step-up',
      { kind: 'step_up', step: { every: 1, percent: '100' } },
      [
        ['1558.56', '240.00'],
        ['3388.28', '208.83'],
        ['7053.16', '141.06'],
      ],
    ],
  ])('has the schedule of it: %s', (_name, product, wanted) => {
    expect(due(product)).toEqual(wanted);
  });

  it('takes payments in the order of its product', () => {
    const loan = facts({ kind: 'equal_principal' });
    const opened = openedLoan(loan, '2026-01-15');
    const payment = { date: localDate('2026-02-15'), amountMinor: 500_000n };
    const { state, parts } = applyRepayment(opened, payment, ruleOf(loan));
    expect(parts).toMatchObject({ interestMinor: 40_000n, principalMinor: 460_000n });
    expect(outstanding(state).totalMinor).toBe(1_248_000n - 500_000n);
  });
});
