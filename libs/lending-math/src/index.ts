export * from './allocation.js';
export * from './loan.js';
export type { LoanRow, LoanState, Parts } from './loan-state.js';
export type { Payment, PaymentParts } from './repayment.js';
export * from './schedule.js';
export * from './terms.js';
export * from './validate-terms.js';
export * from './vectors.js';
