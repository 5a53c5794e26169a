import type { Money } from '@daftari/kernel';

/** What a provider call can come to: a closed set, nothing else leaves an adapter. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly providerRef: string; readonly secondaryRef?: string }
  | {
      readonly kind: 'needsCustomer';
      readonly providerRef: string;
      readonly secondaryRef?: string;
      readonly expiresAt: string;
    }
  | { readonly kind: 'pending'; readonly providerRef?: string }
  | {
      readonly kind: 'succeeded';
      readonly providerRef: string;
      readonly receipt?: string;
      readonly amount?: Money;
      readonly occurredAt?: string;
    }
  | {
      readonly kind: 'declined';
      readonly code: string;
      readonly reason: string;
      readonly providerRef?: string;
    }
  | {
      readonly kind: 'rejected';
      readonly code: string;
      readonly reason: string;
      readonly config: boolean;
    }
  | { readonly kind: 'notSent'; readonly reason: string }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Evidence from a provider's callback, parsed; never touches state by itself. */
export interface CallbackFact {
  readonly kind: 'stk' | 'b2c' | 'b2c-timeout' | 'status' | 'c2b-confirmation' | 'c2b-validation';
  readonly dedupeKey: string;
  readonly ourRef?: string;
  readonly providerRef?: string;
  /** False: more will follow. */
  readonly final: boolean;
  readonly outcome: Outcome;
  readonly amount?: Money;
  readonly receipt?: string;
  readonly accountReference?: string;
  readonly occurredAt?: string;
}
