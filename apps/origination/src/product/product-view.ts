import type { ProductFacts } from './domain/product.js';

/** A product as it is shown. */
export type ProductView = Omit<ProductFacts, 'tenantId'>;

/** What of a product is shown. */
export const productView = ({ tenantId: _, ...view }: ProductFacts): ProductView => view;
