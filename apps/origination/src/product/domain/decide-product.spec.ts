import { deciderSpec } from '@daftari/testing';
import { productFixture } from '../../testing/product-fixture.js';
import { decideProduct, evolveProduct, initialProduct, productErrors } from './decide-product.js';
import type { ProductCommand, ProductEvent } from './product.js';

const given = deciderSpec({
  decide: decideProduct,
  evolve: evolveProduct,
  initialState: initialProduct,
});
const published: ProductEvent = { type: 'ProductPublished', data: productFixture() };
const publish = (changes = {}): ProductCommand => ({
  type: 'PublishProduct',
  data: productFixture(changes),
});

describe('a product', () => {
  it('is published as it was sent', () => {
    given().when(publish()).then(published);
  });

  it('is published once, however often it is sent', () => {
    given(published).when(publish()).then();
  });

  it.each([
    ['product/amount-invalid', { minPrincipal: '0.00' }],
    ['product/amount-invalid', { maxPrincipal: '1.001' }],
    ['product/amount-invalid', { minMonthlyIncome: 'much' }],
    ['product/range-empty', { maxPrincipal: '4999.99' }],
    ['product/range-empty', { minInstallments: 13 }],
    ['count/too-many', { maxInstallments: 1_001 }],
    ['rate/negative', { terms: { ...productFixture().terms, annualRatePercent: '-1' } }],
    ['rate/not-a-decimal', { terms: { ...productFixture().terms, annualRatePercent: 'x' } }],
  ])('is refused with %s', (code, changes) => {
    given().when(publish(changes)).thenRejects('product/invalid');
    expect(productErrors(productFixture(changes)).map((e) => e.code)).toEqual([code]);
  });

  it('is refused with every broken rule at once', () => {
    const codes = productErrors(
      productFixture({ minPrincipal: '-1.00', minMonthlyIncome: '0.00', minInstallments: 20 }),
    ).map((e) => `${e.field} ${e.code}`);
    expect(codes).toEqual([
      'minPrincipal product/amount-invalid',
      'minMonthlyIncome product/amount-invalid',
      'maxInstallments product/range-empty',
    ]);
  });
});
