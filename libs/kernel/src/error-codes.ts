/** What an error code means: the HTTP status it is answered with and a sentence for people. */
export interface ErrorMeaning {
  readonly status:
    400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 421 | 422 | 429 | 500 | 503 | 504;
  readonly meaning: string;
}

/**
 * Every machine code that an error can carry (`metadata.code`). A code that is not here does not compile where an error
 * is made; `docs/errors.md` is written from here. A published code keeps its meaning for ever.
 */
export const ERROR_CODES = {
  'request/malformed': {
    status: 400,
    meaning: 'The request cannot be read: broken JSON or a broken header.',
  },
  'request/invalid': {
    status: 422,
    meaning: 'A field is missing, unknown or wrong; metadata.fields lists every one.',
  },
  'request/timeout': { status: 408, meaning: 'The request took too long to arrive.' },
  'request/too-large': { status: 413, meaning: 'The body is larger than the platform takes.' },
  'request/unsupported-media-type': { status: 415, meaning: 'Bodies are application/json.' },
  'request/unknown-host': {
    status: 421,
    meaning: 'The Host header names no host of this installation.',
  },
  'request/too-many': {
    status: 429,
    meaning: 'The rate limit is used up; Retry-After says when to come back.',
  },
  'route/not-found': { status: 404, meaning: 'There is no such route.' },
  'route/method-not-allowed': { status: 405, meaning: 'The route does not know this method.' },
  'concurrency/conflict': {
    status: 409,
    meaning: 'Somebody else changed the same thing at the same moment; try again.',
  },
  'server/error': {
    status: 500,
    meaning: 'Something went wrong on our side; metadata.requestId names it in the logs.',
  },
  'server/invariant': {
    status: 500,
    meaning: 'Something that can never be, is; people are alerted.',
  },
  'service/unavailable': {
    status: 503,
    meaning: 'A part of the platform does not answer; Retry-After says when to come back.',
  },
  'service/timeout': { status: 504, meaning: 'A part of the platform does not answer in time.' },

  'auth/missing-token': { status: 401, meaning: 'The request carries no access token.' },
  'auth/invalid-token': { status: 401, meaning: 'The access token is wrong, foreign or expired.' },
  'auth/session-ended': { status: 401, meaning: 'The session was ended; log in again.' },
  'auth/invalid-credentials': { status: 401, meaning: 'E-mail or password is wrong.' },
  'auth/invalid-refresh-token': {
    status: 401,
    meaning: 'The refresh token is wrong, used, expired or of an ended session.',
  },
  'auth/forbidden': { status: 403, meaning: 'The role of the caller does not allow this.' },
  'auth/email-not-verified': {
    status: 403,
    meaning: 'Money moves only for users whose e-mail address is verified.',
  },
  'auth/too-many-attempts': {
    status: 429,
    meaning: 'Too many failed logins of this account from this address.',
  },
  'auth/too-many-verifications': {
    status: 429,
    meaning: 'At most three verification links an hour.',
  },
  'auth/already-verified': { status: 409, meaning: 'The e-mail address is verified already.' },
  'auth/invalid-verification-token': {
    status: 422,
    meaning: 'The verification link is wrong, used or too old.',
  },

  'idempotency/key-missing': {
    status: 400,
    meaning: 'The request needs an Idempotency-Key header.',
  },
  'idempotency/key-malformed': {
    status: 400,
    meaning: 'An Idempotency-Key is 1 to 255 visible characters.',
  },
  'idempotency/key-reused': {
    status: 422,
    meaning: 'The Idempotency-Key was used with another body.',
  },
  'idempotency/in-progress': {
    status: 409,
    meaning: 'The first request with this Idempotency-Key is still running.',
  },

  'tenant/not-found': { status: 404, meaning: 'There is no such tenant.' },
  'user/not-found': { status: 404, meaning: 'There is no such user.' },
  'user/already-exists': { status: 409, meaning: 'The e-mail address is taken in this tenant.' },
  'customer/not-found': { status: 404, meaning: 'There is no such customer.' },
  'business-date/only-forward': { status: 409, meaning: 'The business date never moves back.' },
  'business-date/not-in-test-mode': {
    status: 403,
    meaning: 'Outside test mode the business date moves by itself.',
  },

  'product/not-found': { status: 404, meaning: 'There is no such product.' },
  'product/invalid': {
    status: 422,
    meaning: 'The product breaks rules; metadata.fields lists every one.',
  },
  'application/not-found': { status: 404, meaning: 'There is no such application.' },
  'application/invalid': {
    status: 422,
    meaning: 'The application breaks rules; metadata.fields lists every one.',
  },
  'application/illegal-transition': {
    status: 409,
    meaning: 'The state of the application does not allow this.',
  },
  'application/same-person': {
    status: 403,
    meaning: 'Somebody other than the reviewer and the applicant decides.',
  },
  'application/email-not-verified': {
    status: 403,
    meaning: 'An application needs a verified e-mail address.',
  },
  'loan/not-found': { status: 404, meaning: 'There is no such loan.' },
  'loan/illegal-transition': { status: 409, meaning: 'The state of the loan does not allow this.' },
  'loan/disbursement-pending': {
    status: 409,
    meaning: 'The payout of the loan is already under way.',
  },
  'loan/not-in-arrears': {
    status: 409,
    meaning: 'Only a loan with overdue installments can default.',
  },
  'loan/not-active': { status: 409, meaning: 'The loan was not paid out yet.' },
  'loan/payment-unknown': { status: 409, meaning: 'The loan has no such payment.' },
  'loan/later-payments-first': {
    status: 409,
    meaning: 'Later payments were split by this one: reverse them first.',
  },
  'loan/wrong-currency': { status: 422, meaning: 'The money is not in the currency of the loan.' },
  'loan/wrong-amount': { status: 422, meaning: 'The amount is not the one that the loan expects.' },

  'payment/not-found': { status: 404, meaning: 'There is no such payment.' },
  'payment/loan-not-active': {
    status: 409,
    meaning: 'Only a loan that was paid out takes payments.',
  },
  'payment/amount-invalid': { status: 422, meaning: 'M-Pesa moves whole shillings, at least one.' },
  'payment/no-merchant-account': {
    status: 409,
    meaning: 'No merchant account moves the money of this tenant.',
  },
  'payment/illegal-transition': {
    status: 409,
    meaning: 'The state of the payment does not allow this.',
  },
  'payment/unknown': { status: 409, meaning: 'The payment was never started.' },
  'payment/allocated-already': { status: 409, meaning: 'The payment pays a loan already.' },
  'payment/refund-due': { status: 409, meaning: 'The payment goes back to its payer.' },
  'payment/receipt-used': { status: 409, meaning: 'The receipt settled another payment.' },
  'disbursement/not-found': { status: 404, meaning: 'There is no such disbursement.' },
  'disbursement/illegal-transition': {
    status: 409,
    meaning: 'The state of the disbursement does not allow this.',
  },
  'disbursement/already-executed': { status: 409, meaning: 'The payout is known to have left.' },
  'disbursement/nothing-to-review': {
    status: 409,
    meaning: 'Nothing about the disbursement waits for people.',
  },
  'disbursement/superseded': { status: 409, meaning: 'The loan has a newer disbursement.' },
  'review-item/not-found': { status: 404, meaning: 'There is no such item for review.' },
  'review/not-possible': {
    status: 409,
    meaning: 'The item is settled by another action; the message names it.',
  },
  'callback/not-found': { status: 404, meaning: 'No provider calls back at this address.' },
  'callback/malformed': { status: 422, meaning: 'A callback lacks what its kind must have.' },

  'ledger/other-currency': {
    status: 422,
    meaning: 'The tenant keeps its books in another currency.',
  },
  'ledger/refused': { status: 422, meaning: 'The ledger refused the transaction.' },
  'ledger/unknown-currency': { status: 422, meaning: 'There is no such currency.' },
  'ledger/amount-invalid': {
    status: 422,
    meaning: 'Amounts are positive, with the decimals of their currency.',
  },
  'ledger/parts-do-not-sum': { status: 422, meaning: 'The parts do not sum to the whole.' },
  'ledger/loan-missing': { status: 422, meaning: 'This kind of transaction names a loan.' },
  'ledger/insufficient-funds': { status: 422, meaning: 'The float would fall below zero.' },
  'ledger/id-reused': {
    status: 409,
    meaning: 'The transaction id stands for another transaction.',
  },

  'resource/not-found': { status: 404, meaning: 'Another service knows no such thing.' },
  'stream/not-found': { status: 500, meaning: 'An event stream that must exist does not.' },
  'stream/deleted': { status: 500, meaning: 'An event stream was deleted in the store.' },
  'append/too-large': {
    status: 500,
    meaning: 'One append to the event store holds more than 1 MiB.',
  },
  'event-store/invalid-argument': { status: 500, meaning: 'The event store was used wrongly.' },
  'message/poison': {
    status: 422,
    meaning: 'A message cannot be read; it is put aside with its reason.',
  },
  'message/unknown-type': {
    status: 422,
    meaning: 'A message names a type that is not in the catalogue of events.',
  },
  'message/wrong-topic': {
    status: 422,
    meaning: 'A message came over a topic that is not its own.',
  },
  'message/invalid': { status: 422, meaning: 'A message breaks the schema of its type.' },
  'dead-letter/not-found': { status: 404, meaning: 'There is no such dead letter.' },
  'dead-letter/resolved': {
    status: 409,
    meaning: 'The dead letter was replayed or discarded before.',
  },
  'job/not-found': { status: 404, meaning: 'There is no such job.' },
  'job/not-dead': { status: 409, meaning: 'Only a job that was given up can be tried again.' },
  'job-batch/not-found': { status: 404, meaning: 'There is no such batch of jobs.' },
  'bus/unknown-topic': { status: 404, meaning: 'The bus has no such topic.' },
  'bus/group-is-running': { status: 409, meaning: 'The consumer group has running members.' },
} as const satisfies Readonly<Record<string, ErrorMeaning>>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof ERROR_CODES;

type ThingOf<Code> = Code extends `${infer Thing}/not-found` ? Thing : never;
/** What can be not found: the first half of a code `<thing>/not-found`. */
export type Thing = ThingOf<ErrorCode>;

/** Is a text a code of the catalogue? For codes that come back out of a database. */
export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERROR_CODES, text);
