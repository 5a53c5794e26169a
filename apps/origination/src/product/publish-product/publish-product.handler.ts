import { Inject, Injectable } from '@nestjs/common';
import type { EventStore } from '@daftari/event-store';
import {
  EVENT_STORE,
  eventMeta,
  expectedOf,
  newEvents,
  type RequestMeta,
  retryConflict,
} from '@daftari/service-kit';
import { loadProduct, productStream } from '../../aggregates.js';
import { errorFor } from '../../rejections.js';
import { decideProduct, productErrors } from '../domain/decide-product.js';
import type { ProductFacts } from '../domain/product.js';

/** Publishes a product. */
@Injectable()
export class PublishProductHandler {
  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  /** Errors: Rejected `product/invalid` with every broken rule. */
  async execute(facts: ProductFacts, meta: RequestMeta): Promise<ProductFacts> {
    return retryConflict(async () => {
      const { state, revision } = await loadProduct(this.store, facts.productId);
      const decision = decideProduct({ type: 'PublishProduct', data: facts }, state);
      if (!decision.accepted) throw errorFor(decision.rejection, productErrors(facts));
      if (decision.events.length > 0) {
        const events = newEvents(eventMeta(meta), meta.commandId, decision.events);
        const options = { expected: expectedOf(revision) };
        await this.store.append(productStream(facts.productId), events, options);
      }
      return state.facts ?? facts;
    });
  }
}
