import type { Json } from './journal.js';
import type { ChaosPlatform } from './platform.js';
import { sleep } from './random.js';

/** One line of the provider's own statement. */
export interface Movement {
  readonly kind: 'stk' | 'b2c' | 'c2b';
  readonly ref: string;
  readonly amount: number;
  readonly msisdn: string;
  readonly accountReference: string;
  /** Empty when nothing was moved. */
  readonly receipt: string;
}

/** The payment provider as its customers and its statement show it. */
export class Provider {
  private numbers = 0;

  constructor(private readonly platform: ChaosPlatform) {}

  /** A phone of its own for each movement, so that the statement tells them apart; its last digits choose what goes wrong. */
  phone(scenario: string): string {
    return `25470${String(++this.numbers).padStart(4, '0')}${scenario}`;
  }

  /** Everything that the provider really did; money moved where there is a receipt. */
  async statement(): Promise<Movement[]> {
    const response = await fetch(`${this.platform.sandbox}/sandbox/daraja/transactions`);
    return (await response.json()) as Movement[];
  }

  /** Money that one phone moved; undefined when it moved none. */
  async movedBy(phone: string): Promise<Movement | undefined> {
    return (await this.statement()).find(
      ({ msisdn, receipt }) => msisdn === phone && receipt !== '',
    );
  }

  /**
   * A customer pays by hand at the paybill. The provider is asked to confirm again, under the same receipt, until the
   * platform has taken the confirmation; gives the receipt.
   */
  async paybill(
    accountReference: string,
    amount: string,
    receipt: string,
    times: number,
  ): Promise<string> {
    for (let attempt = 0; ; attempt++) {
      const body = {
        amount,
        billRefNumber: accountReference,
        transId: receipt,
        skipValidation: attempt > 0,
        times,
      };
      const heard = await fetch(`${this.platform.sandbox}/sandbox/daraja/c2b`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }).then(
        (response) => response.json() as Promise<Json>,
        () => undefined,
      );
      const answers = (heard?.answers ?? []) as Json[];
      if (answers.some((answer) => String(answer?.ResultCode) === '0')) return receipt;
      if (attempt > 300)
        throw new Error(`the confirmation of ${receipt} was never taken: ${JSON.stringify(heard)}`);
      await sleep(400);
    }
  }
}
