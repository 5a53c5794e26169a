import type { EventStore } from '@daftari/event-store';
import { NotFound, type Thing } from '@daftari/kernel';
import { loadState } from '@daftari/service-kit';
import {
  type Application,
  type ApplicationEvent,
  type ApplicationFacts,
  initialApplication,
} from './application/domain/application.js';
import { evolveApplication } from './application/domain/decide-application.js';
import { evolveLoan } from './loan/domain/evolve-loan.js';
import { initialLoan, type Loan, type LoanEvent, type LoanFacts } from './loan/domain/loan.js';
import { evolveProduct, initialProduct } from './product/domain/decide-product.js';
import type { Product, ProductEvent, ProductFacts } from './product/domain/product.js';

/** A folded stream and where it stands. */
export interface Loaded<S> {
  readonly state: S;
  readonly revision: bigint | null;
}

/** Who asks: a customer sees only what is its own. */
export interface Viewer {
  readonly tenantId: string;
  readonly ownedBy: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const streamOf = (aggregate: Thing, id: string): string => {
  if (!UUID.test(id)) throw new NotFound(aggregate);
  return `${aggregate}-${id}`;
};

/** Stream of a product. Errors: NotFound for what is no id. */
export const productStream = (id: string): string => streamOf('product', id);
/** Stream of an application. Errors: NotFound for what is no id. */
export const applicationStream = (id: string): string => streamOf('application', id);
/** Stream of a loan. Errors: NotFound for what is no id. */
export const loanStream = (id: string): string => streamOf('loan', id);

/** Folds a product; the streams hold only what this service wrote. */
export const loadProduct = (store: EventStore, id: string): Promise<Loaded<Product>> =>
  loadState(store, productStream(id), initialProduct, (state, { type, data }) =>
    evolveProduct(state, { type, data } as ProductEvent),
  );

/** Folds an application. */
export const loadApplication = (store: EventStore, id: string): Promise<Loaded<Application>> =>
  loadState(store, applicationStream(id), initialApplication, (state, { type, data }) =>
    evolveApplication(state, { type, data } as ApplicationEvent),
  );

/** Folds a loan. */
export const loadLoan = (store: EventStore, id: string): Promise<Loaded<Loan>> =>
  loadState(store, loanStream(id), initialLoan, (state, { type, data }) =>
    evolveLoan(state, { type, data } as LoanEvent),
  );

/** The facts, if the viewer may know of them; NotFound otherwise. */
export const visible = <F extends ProductFacts | ApplicationFacts | LoanFacts>(
  what: Thing,
  facts: F | null,
  viewer: Viewer,
): F => {
  const owner = facts && 'customerId' in facts ? facts.customerId : null;
  const own = viewer.ownedBy === null || owner === null || owner === viewer.ownedBy;
  if (!facts || facts.tenantId !== viewer.tenantId || !own) throw new NotFound(what);
  return facts;
};
