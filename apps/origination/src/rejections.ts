import { type FieldError, Rejected } from '@daftari/kernel';
import type { ApplicationRejection } from './application/domain/application.js';
import type { LoanRejection } from './loan/domain/loan.js';
import type { ProductRejection } from './product/domain/product.js';

type Code = ApplicationRejection | LoanRejection | ProductRejection;

const ANSWERS: Readonly<Record<Code, readonly [status: 403 | 409 | 422, message: string]>> = {
  'product/invalid': [422, 'The product breaks rules'],
  'application/email-not-verified': [403, 'Verify your e-mail address first'],
  'application/invalid': [422, 'The application breaks rules'],
  'application/illegal-transition': [409, 'The application is not in a state that allows this'],
  'application/same-person': [403, 'Somebody other than the reviewer and the applicant decides'],
  'loan/illegal-transition': [409, 'The loan is not in a state that allows this'],
  'loan/disbursement-pending': [409, 'The payout is already under way'],
  'loan/not-in-arrears': [409, 'Only a loan with overdue installments can default'],
  'loan/not-active': [409, 'The loan was not paid out yet'],
  'loan/payment-unknown': [409, 'The loan has no such payment'],
  'loan/later-payments-first': [409, 'Later payments were split by this one: reverse them first'],
  'loan/wrong-currency': [422, 'The money is not in the currency of the loan'],
  'loan/wrong-amount': [422, 'The amount is not the one that the loan expects'],
};

/** The error that a refusal becomes at the edge; a code without a status does not compile. */
export const errorFor = (code: Code, fields: readonly FieldError[] = []): Rejected => {
  const [status, message] = ANSWERS[code];
  return new Rejected(code, message, status, fields);
};
