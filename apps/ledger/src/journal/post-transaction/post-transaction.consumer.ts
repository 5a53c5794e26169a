import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type PostTransaction, postTransaction, TOPIC } from '@daftari/contracts';
import type { IntegrationMessage } from '@daftari/messaging';
import { metaOfMessage } from '@daftari/service-kit';
import { PostTransactionHandler } from './post-transaction.handler.js';

const requestOf = (data: PostTransaction): PostTransaction => ({
  transactionId: data.transactionId,
  kind: data.kind,
  currency: data.currency,
  amounts: data.amounts,
  effectiveOn: data.effectiveOn,
  loanId: data.loanId,
  paymentId: data.paymentId,
  reference: data.reference,
});

/** Takes the commands of the other contexts. The journal knows every id for ever, so no inbox is needed. */
@Controller()
export class PostTransactionConsumer {
  constructor(private readonly handler: PostTransactionHandler) {}

  @EventPattern(TOPIC.ledgerCommandsV1)
  async onCommand(@Payload() message: IntegrationMessage<PostTransaction>): Promise<void> {
    if (message.type !== postTransaction.type) return;
    await this.handler.post(requestOf(message.data), metaOfMessage(message));
  }
}
