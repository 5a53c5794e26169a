/** One message as it lies on the bus. Header values are strings; `value` is JSON bytes or null. */
export interface BusMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestamp: Date;
}

/** A message to send. The key decides the partition (murmur2, as Java and kafkajs) and so the order. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends batches. A rejection means "unknown": the caller sends the same messages again. */
export interface BusProducer {
  send(messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** Handles one message; messages of one partition come one after the other. A rejection redelivers. */
export type MessageHandler = (
  message: BusMessage,
  context: { readonly signal: AbortSignal },
) => Promise<void>;

/** A handler that cannot go on says so by throwing this; anything else is delivered again. */
export class StopConsumer extends Error {}

/** A running consumer of one group. */
export interface BusConsumer {
  /** Finishes what is in flight, commits, and leaves the group. */
  stop(): Promise<void>;
  /** How far behind it is in the partitions that it owns now. */
  lag(): Promise<Lag[]>;
}

/** How a consumer is run. */
export interface ConsumeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly handler: MessageHandler;
  /** A member that is silent for so long loses its partitions. */
  readonly sessionTimeoutMs?: number;
  /** Called when the consumer cannot go on; the process should exit and be restarted. */
  readonly onFatal: (error: Error) => void;
}

/** Per group, topic and partition: how far it is, how far it could be, and how old the oldest unread message is. */
export interface Lag {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: bigint;
  readonly end: bigint;
  readonly oldestUnreadAt: Date | null;
}

/** A topic as it should be. */
export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
}

/** A topic as it is; `copies` of each partition where the bus itself keeps copies. */
export interface TopicDescription extends TopicSpec {
  readonly copies?: number;
}

/** Topics, lag and replay; used by migrations and operators. */
export interface BusAdmin {
  /** Creates the topics that are missing; never changes one that exists. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Those of the topics that exist. */
  describeTopics(topics: readonly string[]): Promise<TopicDescription[]>;
  lag(group: string): Promise<Lag[]>;
  /** Moves a stopped group; refused while it has members. */
  seek(group: string, topic: string, partition: number, offset: bigint): Promise<void>;
  /** The names of all topics. */
  topics(): Promise<string[]>;
  /** Reads a partition without a group: from an offset to its end as it is now, at most `most` messages. */
  read(topic: string, partition: number, from: bigint, most: number): Promise<BusMessage[]>;
}

/** The bus port. Drivers: PostgreSQL (embedded) and Kafka. */
export interface Bus {
  readonly admin: BusAdmin;
  producer(): Promise<BusProducer>;
  consume(options: ConsumeOptions): Promise<BusConsumer>;
  close(): Promise<void>;
}
