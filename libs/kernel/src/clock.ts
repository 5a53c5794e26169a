/** Where time comes from; injected at the edge so that tests and the business date can move it. */
export interface Clock {
  now(): Date;
}

/** Injection token of the Clock port. */
export const CLOCK = Symbol('Clock');
