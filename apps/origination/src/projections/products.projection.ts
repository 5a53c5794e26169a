import type { Projection } from '@daftari/event-store';
import type { ProductFacts } from '../product/domain/product.js';

/** One row per product, for lists. */
export const products: Projection = {
  name: 'products',
  filter: { on: 'stream', prefixes: ['product-'] },
  handles: ['ProductPublished'],
  async apply(event, tx) {
    const { tenantId, ...view } = event.data as ProductFacts;
    await tx.query(
      `insert into read_products(product_id, tenant_id, position, view) values ($1, $2, $3, $4)
       on conflict (product_id) do update set view = $4`,
      [view.productId, tenantId, event.position, view],
    );
  },
  async reset(tx) {
    await tx.query('delete from read_products');
  },
};
