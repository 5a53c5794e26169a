import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { KafkaAdmin } from './kafka-admin.js';
import { toBusMessage } from './kafka-admin.js';
import { stickyAssigner } from './kafka-assigner.js';
import { Commits } from './kafka-commits.js';
import { onceTopicIsKnown } from './kafka-metadata.js';
import { KafkaPartition, type PartitionHost } from './kafka-partition.js';
import type { BusConsumer, ConsumeOptions, Lag, StopConsumer } from './port.js';

const SESSION_MS = 10_000;
const REBALANCE_MS = 60_000;
const FETCH_WAIT_MS = 500;
const ROOM_WITHIN_MS = 200;
const LEAVE_WITHIN_MS = 5_000;

/** What the consumer reports; `warn` is what an operator may want to know. */
export type OnProblem = (text: string, error: unknown) => void;

const errorOf = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

/**
 * One member of a Kafka group. kafkajs keeps the membership and fetches; it is given nothing that can fail or take long.
 * Each partition has a buffer and a worker of its own, so a slow or bad message holds its partition and nothing else,
 * and heartbeats go on whatever a handler does.
 */
export class KafkaConsumer implements BusConsumer, PartitionHost {
  readonly handler: ConsumeOptions['handler'];
  private readonly consumer: Consumer;
  private readonly commits: Commits;
  private readonly session: number;
  private readonly owned = new Map<string, KafkaPartition>();
  private readonly leaving = new Map<string, Promise<void>>();
  private member = '';
  /** Since when the coordinator has not confirmed this member; monotonic. */
  private confirmedAt = performance.now();
  private held = false;
  private opening: Promise<void> = Promise.resolve();
  private stopping: Promise<void> | undefined;
  private ended = false;
  private watchdog: NodeJS.Timeout | undefined;

  constructor(
    kafka: Kafka,
    private readonly admin: KafkaAdmin,
    private readonly options: ConsumeOptions,
    private readonly onProblem: OnProblem,
  ) {
    this.handler = options.handler;
    this.session = options.sessionTimeoutMs ?? SESSION_MS;
    this.consumer = kafka.consumer({
      groupId: options.group,
      partitionAssigners: [stickyAssigner(() => this.claims())],
      sessionTimeout: this.session,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: Math.min(3_000, Math.floor(this.session / 4)),
      maxWaitTimeInMs: Math.min(FETCH_WAIT_MS, Math.floor(this.session / 4)),
      minBytes: 1,
      maxBytes: 4 * 1_024 * 1_024,
      maxBytesPerPartition: 256 * 1_024,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 2_000,
        retries: 8,
        restartOnFailure: async () => !this.ended,
      },
    });
    this.commits = new Commits(
      this.consumer,
      () => this.owned.values(),
      (error) => {
        this.onProblem('a commit waits', error);
      },
    );
  }

  /** Joins the group; done when partitions have been dealt out and it is known where each begins. */
  async join(): Promise<void> {
    const joined = this.listen();
    await this.consumer.connect();
    const topics = [...this.options.topics];
    await onceTopicIsKnown(() => this.consumer.subscribe({ topics, fromBeginning: true }));
    await this.consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 1,
      eachBatch: (payload) => this.receive(payload),
    });
    await joined;
    await this.opening;
    this.commits.start();
    this.watchdog = setInterval(() => {
      this.watch();
    }, 1_000);
    this.watchdog.unref();
  }

  mayBegin(): boolean {
    return !this.held && performance.now() - this.confirmedAt < this.session;
  }

  moved(partition: KafkaPartition): void {
    this.commits.wake();
    if (partition.isPaused && partition.hasRoom) this.pause(partition, false);
  }

  failed(error: StopConsumer): void {
    this.fatal(error.cause instanceof Error ? error.cause : error);
  }

  stop(): Promise<void> {
    this.stopping ??= this.leave();
    return this.stopping;
  }

  async lag(): Promise<Lag[]> {
    const topics = [...new Set([...this.owned.values()].map(({ topic }) => topic))];
    const admin = await this.admin.connected();
    const ends = new Map<string, bigint>();
    for (const topic of topics)
      for (const { partition, high } of await admin.fetchTopicOffsets(topic))
        ends.set(`${topic}:${String(partition)}`, BigInt(high));
    return [...this.owned.values()].map((owned) => {
      const committed = owned.done ?? 0n;
      const { topic, partition, oldestUnreadAt } = owned;
      const end = ends.get(owned.name) ?? committed;
      return { group: this.options.group, topic, partition, committed, end, oldestUnreadAt };
    });
  }

  private async leave(): Promise<void> {
    for (const partition of this.owned.values()) partition.end();
    await Promise.all([...this.owned.values()].flatMap(({ busy }) => busy ?? []));
    this.ended = true;
    clearInterval(this.watchdog);
    await this.commits.stop();
    const left = this.commits.flush().then(() => this.consumer.disconnect());
    await Promise.race([left, delay(LEAVE_WITHIN_MS, undefined, { ref: false })]).catch(
      (error: unknown) => {
        this.onProblem('leaving the group failed; its session runs out by itself', error);
      },
    );
  }

  /** Listeners must never throw: kafkajs calls them in the middle of joining. */
  private listen(): Promise<void> {
    const { consumer } = this;
    const { GROUP_JOIN, HEARTBEAT, REBALANCING, CRASH } = consumer.events;
    consumer.on(HEARTBEAT, () => {
      this.confirmedAt = performance.now();
    });
    consumer.on(REBALANCING, () => {
      this.held = true;
      this.commits.wake();
    });
    return new Promise((resolve, reject) => {
      consumer.on(CRASH, ({ payload }) => {
        this.held = true;
        this.onProblem('the consumer crashed', payload.error);
        if (payload.restart) return;
        this.fatal(payload.error);
        reject(payload.error);
      });
      consumer.on(GROUP_JOIN, ({ payload }) => {
        this.assign(payload.memberId, payload.memberAssignment);
        resolve();
      });
    });
  }

  /** What is kept goes on where it is. A new member id means that this process was taken for dead: nothing is kept then. */
  private assign(member: string, assignment: Readonly<Record<string, readonly number[]>>): void {
    const mine = new Map(
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => [`${topic}:${String(partition)}`, { topic, partition }]),
      ),
    );
    for (const [name, partition] of this.owned)
      if (member !== this.member || !mine.has(name)) this.lose(partition);
    this.member = member;
    this.confirmedAt = performance.now();
    this.held = false;
    const fresh: KafkaPartition[] = [];
    for (const [name, { topic, partition }] of mine) {
      const kept = this.owned.get(name);
      if (kept) {
        this.setPaused(kept, kept.isFull);
        if (kept.position !== undefined) this.seek(kept, kept.position);
        continue;
      }
      const owned = new KafkaPartition(topic, partition, this, this.leaving.get(name));
      if (this.stopping) owned.end();
      this.owned.set(name, owned);
      this.setPaused(owned, false); // the client still pauses what was paused in the membership before
      fresh.push(owned);
    }
    this.opening = this.open(fresh);
  }

  private lose(partition: KafkaPartition): void {
    partition.end();
    this.owned.delete(partition.name);
    const { busy, name } = partition;
    if (!busy) return;
    this.leaving.set(name, busy);
    void busy.then(() => {
      if (this.leaving.get(name) === busy) this.leaving.delete(name);
    });
  }

  /** Asks where the group is and begins exactly there; what kafkajs fetched before that is not taken in. */
  private async open(fresh: readonly KafkaPartition[]): Promise<void> {
    for (const topic of new Set(fresh.map((each) => each.topic))) {
      const mine = fresh.filter((each) => each.topic === topic);
      while (mine.some((each) => !each.hasEnded)) {
        try {
          const positions = await this.admin.positions(this.options.group, topic);
          for (const partition of mine) this.begin(partition, positions.get(partition.partition));
          break;
        } catch (error) {
          this.onProblem('the position of the group cannot be read yet', error);
          await delay(250);
        }
      }
    }
    this.commits.wake();
  }

  private begin(
    partition: KafkaPartition,
    at: { readonly committed: bigint | undefined; readonly low: bigint } | undefined,
  ): void {
    if (partition.hasEnded) return;
    const { committed, low } = at ?? { committed: undefined, low: 0n };
    const start = committed === undefined || committed < low ? low : committed;
    this.seek(partition, start);
    partition.open(start, committed);
  }

  private seek({ topic, partition }: KafkaPartition, offset: bigint): void {
    try {
      this.consumer.seek({ topic, partition, offset: offset.toString() });
    } catch (error) {
      // It is not running: it will join again, and everything is dealt out anew.
      this.onProblem('a partition could not be set', error);
    }
  }

  private pause(owned: KafkaPartition, paused: boolean): void {
    if (owned.isPaused !== paused) this.setPaused(owned, paused);
  }

  private setPaused(owned: KafkaPartition, paused: boolean): void {
    owned.isPaused = paused;
    const where = [{ topic: owned.topic, partitions: [owned.partition] }];
    try {
      if (paused) this.consumer.pause(where);
      else this.consumer.resume(where);
    } catch (error) {
      this.onProblem('a partition could not be paused', error);
    }
  }

  /** Fills the buffer of a partition. A handler that is fast makes room at once; one that is not pauses its partition. */
  private async receive({ batch, isStale }: EachBatchPayload): Promise<void> {
    const owned = this.owned.get(`${batch.topic}:${String(batch.partition)}`);
    if (!owned || owned.position === undefined || isStale()) return;
    owned.take(batch.messages.map((each) => toBusMessage(batch.topic, batch.partition, each)));
    const until = performance.now() + ROOM_WITHIN_MS;
    while (owned.isFull && !owned.hasEnded && performance.now() < until) await delay(1);
    if (owned.isFull && !owned.hasEnded) this.pause(owned, true);
  }

  /** What this member has, the partitions with a running handler first; nothing when it may have been taken for dead. */
  private claims(): Record<string, number[]> {
    if (performance.now() - this.confirmedAt >= this.session) return {};
    const held: Record<string, number[]> = {};
    const owned = [...this.owned.values()];
    const isBusy = ({ busy }: KafkaPartition): boolean => busy !== undefined;
    const busyFirst = [...owned.filter(isBusy), ...owned.filter((each) => !isBusy(each))];
    for (const { topic, partition } of busyFirst) (held[topic] ??= []).push(partition);
    return held;
  }

  /** A member that stays out of its group although nothing crashed is as bad as a crash (tulios/kafkajs#1443, #1513). */
  private watch(): void {
    const silentMs = performance.now() - this.confirmedAt;
    if (silentMs < REBALANCE_MS + 2 * this.session) return;
    this.fatal(
      new Error(`${this.options.group} has been out of its group for ${String(silentMs)} ms`),
    );
  }

  /** Nothing more is begun and nothing is committed for a message that failed; the process is expected to exit. */
  private fatal(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.watchdog);
    for (const partition of this.owned.values()) partition.end();
    this.options.onFatal(errorOf(error));
  }
}
