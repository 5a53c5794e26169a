import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { TOPIC, type TransactionPosted, transactionPosted } from '@daftari/contracts';
import { parseMoney } from '@daftari/kernel';
import { Inbox, type IntegrationMessage } from '@daftari/messaging';
import { Database } from '@daftari/service-kit';

const ADD = `
  insert into read_ledger_totals as t(tenant_id, account, currency, debits, credits) values ($1, $2, $3, $4, $5)
  on conflict (tenant_id, account, currency) do update set debits = t.debits + $4, credits = t.credits + $5`;

/** Totals per account from what the ledger published, to hold the loans against. */
@Controller()
export class LedgerTotalsConsumer {
  constructor(
    private readonly db: Database,
    private readonly inbox: Inbox,
  ) {}

  @EventPattern(TOPIC.ledgerTransactionV1)
  async onTransaction(@Payload() message: IntegrationMessage<TransactionPosted>): Promise<void> {
    if (message.type !== transactionPosted.type) return;
    const { tenantId, data } = message;
    await this.db.transaction(async ({ client }) => {
      if (!(await this.inbox.once(client, 'reporting.ledger-totals', message.id))) return;
      const postings = [...data.postings].sort((a, b) => (a.account < b.account ? -1 : 1));
      for (const { account, side, amount } of postings) {
        const minor = parseMoney({ amount, currency: data.currency }).minor.toString();
        const both = side === 'debit' ? [minor, '0'] : ['0', minor];
        await client.query(ADD, [tenantId, account, data.currency, ...both]);
      }
      if (data.kind !== 'repayment-received' || data.paymentId === null) return;
      await client.query(
        `insert into read_payment_times as t(payment_id, tenant_id, posted_at) values ($1, $2, $3)
         on conflict (payment_id) do update set posted_at = coalesce(t.posted_at, $3)`,
        [data.paymentId, tenantId, data.recordedAt],
      );
    });
  }
}
