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

  const chosen = (product: object, more = {}) =>
    productFixture({
      ...more,
      terms: {
        ...productFixture().terms,
        convention: 'product',
        product: {
          kind: 'equal_principal',
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

  it.each([
    { kind: 'flat' },
    { kind: 'equal_principal' },
    { kind: 'interest_only' },
    { kind: 'bullet' },
    { kind: 'balloon', balloonPercent: '40' },
    { kind: 'step_up', step: { every: 3, percent: '10' } },
  ])('can be a named one: $kind', (product) => {
    const data = chosen(product);
    given().when({ type: 'PublishProduct', data }).then({ type: 'ProductPublished', data });
  });

  it.each([
    ['terms.product.balloonPercent product/incomplete', chosen({ kind: 'balloon' })],
    ['terms.product.step product/incomplete', chosen({ kind: 'step_up' })],
    [
      'terms.product.gracePrincipal grace/too-long',
      chosen({ gracePrincipal: 12 }, { minInstallments: 12 }),
    ],
    [
      'terms.product.graceInterest grace/too-long',
      chosen({ graceInterest: 3 }, { minInstallments: 3 }),
    ],
    [
      'terms.product product/missing',
      productFixture({ terms: { ...productFixture().terms, convention: 'product' } }),
    ],
    [
      'terms.product convention/unsupported',
      productFixture({ terms: { ...chosen({}).terms, convention: 'progressive' } }),
    ],
  ])('of a named kind is refused with %s', (error, facts) => {
    expect(productErrors(facts).map((e) => `${e.field} ${e.code}`)).toEqual([error]);
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
