import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** Money that the simulated provider moved, or refused to move. */
export interface Movement {
  readonly kind: 'stk' | 'b2c' | 'c2b';
  /** CheckoutRequestID, OriginatorConversationID or TransID. */
  readonly ref: string;
  readonly conversationId: string;
  readonly amount: number;
  readonly msisdn: string;
  readonly accountReference: string;
  readonly at: string;
  readonly resultCode: string;
  readonly resultDesc: string;
  /** Empty when nothing was moved. */
  readonly receipt: string;
}

const MOST = 20_000;

/** What the provider executed; kept in a file so that it survives the death of the sandbox, as a real provider's would. */
export class Book {
  private readonly movements = new Map<string, Movement>();

  constructor(private readonly file: string) {
    if (file === '' || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (!line.endsWith('}')) continue;
      const movement = JSON.parse(line) as Movement;
      this.movements.set(`${movement.kind}|${movement.ref}`, movement);
    }
  }

  add(movement: Movement): void {
    if (this.file !== '') appendFileSync(this.file, `${JSON.stringify(movement)}\n`);
    this.movements.set(`${movement.kind}|${movement.ref}`, movement);
    if (this.movements.size > MOST) this.movements.delete(this.movements.keys().next().value ?? '');
  }

  find(kind: Movement['kind'], ref: string): Movement | undefined {
    return this.movements.get(`${kind}|${ref}`);
  }

  all(): Movement[] {
    return [...this.movements.values()];
  }
}
