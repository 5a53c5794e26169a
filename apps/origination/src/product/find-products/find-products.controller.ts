import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { EventStore } from '@daftari/event-store';
import {
  Answers,
  AnswersPage,
  Database,
  EVENT_STORE,
  Meta,
  type RequestMeta,
  Requires,
} from '@daftari/service-kit';
import { loadProduct, visible } from '../../aggregates.js';
import { listPage, ListQuery } from '../../list-query.js';
import { type ProductView, productView } from '../product-view.js';
import { PRODUCT } from '../../examples.js';

@ApiTags('products')
@Controller('v1/products')
export class FindProductsController {
  constructor(
    private readonly db: Database,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  @Get()
  @Requires('products:read')
  @AnswersPage(PRODUCT)
  @ApiOperation({ summary: 'Products of the tenant, newest first' })
  async list(@Query() query: ListQuery, @Meta() { tenantId }: RequestMeta): Promise<unknown> {
    return listPage(this.db.pool, 'read_products', { tenantId, ownedBy: null }, query);
  }

  @Get(':id')
  @Requires('products:read')
  @Answers(PRODUCT)
  @ApiOperation({ summary: 'One product' })
  async one(@Param('id') id: string, @Meta() { tenantId }: RequestMeta): Promise<ProductView> {
    const { state } = await loadProduct(this.store, id);
    return productView(visible('product', state.facts, { tenantId, ownedBy: null }));
  }
}
