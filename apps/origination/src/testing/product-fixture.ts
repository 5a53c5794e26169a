import { deterministicId } from '@daftari/kernel';
import type { ProductFacts } from '../product/domain/product.js';

/** A product for specs: 24 % a year, monthly, KES 5,000 to 100,000 in 1 to 12 installments. */
export const productFixture = (changes: Partial<ProductFacts> = {}): ProductFacts => ({
  productId: deterministicId('product', 'fixture'),
  tenantId: deterministicId('tenant', 'fixture'),
  version: 1,
  name: 'Biashara',
  currency: 'KES',
  minPrincipal: '5000.00',
  maxPrincipal: '100000.00',
  minInstallments: 1,
  maxInstallments: 12,
  terms: {
    convention: 'progressive',
    annualRatePercent: '24.0',
    repaymentEvery: { n: 1, unit: 'months' },
    daysInYear: '360',
    daysInMonth: '30',
    roundingMode: 'HALF_EVEN',
    installmentAmountInMultiplesOf: null,
    allocationStrategy: 'penalty_fee_interest_principal',
  },
  minMonthlyIncome: '10000.00',
  minScore: 300,
  publishedAt: '2026-01-01T08:00:00.000Z',
  ...changes,
});
