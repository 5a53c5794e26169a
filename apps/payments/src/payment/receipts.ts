import { Injectable } from '@nestjs/common';
import { ConcurrencyConflict } from '@daftari/kernel';
import { Database, type Tx } from '@daftari/service-kit';

/** One receipt settles one payment, for ever: a paybill prompt may be told to us both as a callback and as a confirmation. */
@Injectable()
export class Receipts {
  constructor(private readonly db: Database) {}

  /** Is it the receipt of another payment? */
  async isForeign(receipt: string, paymentId: string): Promise<boolean> {
    const { rowCount } = await this.db.pool.query(
      'select 1 from used_receipt where receipt = $1 and payment_id <> $2',
      [receipt, paymentId],
    );
    return rowCount === 1;
  }

  /** Takes it in the transaction that settles; throws ConcurrencyConflict when another payment was faster. */
  async claim({ client }: Tx, receipt: string, paymentId: string): Promise<void> {
    const { rowCount } = await client.query(
      `insert into used_receipt(receipt, payment_id) values ($1, $2)
       on conflict (receipt) do update set receipt = excluded.receipt where used_receipt.payment_id = excluded.payment_id`,
      [receipt, paymentId],
    );
    if (rowCount !== 1) throw new ConcurrencyConflict(`receipt ${receipt} was used meanwhile`);
  }
}
