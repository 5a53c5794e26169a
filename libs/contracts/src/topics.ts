/** Every topic of the published language. Key = aggregate id; order holds per key. */
export const TOPIC = {
  userV1: 'daftari.identity.user.v1',
  tenantV1: 'daftari.identity.tenant.v1',
  applicationV1: 'daftari.origination.application.v1',
  loanV1: 'daftari.origination.loan.v1',
  paymentV1: 'daftari.payments.payment.v1',
  disbursementV1: 'daftari.payments.disbursement.v1',
  ledgerCommandsV1: 'daftari.ledger.commands.v1',
  ledgerTransactionV1: 'daftari.ledger.transaction.v1',
  deliveryV1: 'daftari.notifications.delivery.v1',
  auditV1: 'daftari.platform.audit.v1',
} as const;

/** One of the topics. */
export type Topic = (typeof TOPIC)[keyof typeof TOPIC];

/** Partitions of each topic; never raised on a keyed topic (a new major version is made instead). */
export const PARTITIONS: Readonly<Record<Topic, number>> = {
  [TOPIC.userV1]: 3,
  [TOPIC.tenantV1]: 1,
  [TOPIC.applicationV1]: 3,
  [TOPIC.loanV1]: 6,
  [TOPIC.paymentV1]: 6,
  [TOPIC.disbursementV1]: 6,
  [TOPIC.ledgerCommandsV1]: 3,
  [TOPIC.ledgerTransactionV1]: 6,
  [TOPIC.deliveryV1]: 3,
  [TOPIC.auditV1]: 3,
};
