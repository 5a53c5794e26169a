import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServiceError,
  status as grpcStatus,
} from '@grpc/grpc-js';
import {
  appendAnswer,
  batchAnswer,
  deleted,
  expectedOf,
  failure,
  nameOf,
  proposedEvent,
  uuidText,
} from './encode.js';
import { type AppendOutcome, InMemoryLog, type ProposedEvent } from './log.js';
import { features, featuresService, pb, type Streams, streamsService } from './protocol.js';
import { Reads } from './reads.js';

type BatchCall = ServerDuplexStream<Streams.BatchAppendReq, Streams.BatchAppendResp>;

/** What a test can make go wrong. */
export interface Faults {
  /** So many appends are written and their answers lost with the connection. */
  loseAnswers: number;
  /** So many appends are taken, neither written nor answered. */
  swallow: number;
  /** So many appends are refused because the node is not the leader. */
  refuse: number;
}

/** A server that speaks the published protocol over an in-memory log. A stand-in for tests: not EventStoreDB. */
export interface EventStoreServer {
  readonly url: string;
  readonly log: InMemoryLog;
  readonly faults: Faults;
  /** What has been asked to be written, in order, repeats included. */
  readonly received: readonly { readonly stream: string; readonly ids: readonly string[] }[];
  /** Cuts every read and subscription that runs. */
  breakReads(): void;
  /** Stops answering; the log stays. */
  halt(): Promise<void>;
  /** Answers again at the same address. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

interface Batch {
  readonly stream: string;
  readonly expected: bigint;
  readonly events: ProposedEvent[];
}

class StandIn implements EventStoreServer {
  readonly log = new InMemoryLog();
  readonly faults: Faults = { loseAnswers: 0, swallow: 0, refuse: 0 };
  readonly received: { stream: string; ids: string[] }[] = [];
  private readonly reads = new Reads(this.log);
  private server: Server | undefined;
  private port = 0;

  constructor(private readonly batches: boolean) {}

  get url(): string {
    return `esdb://127.0.0.1:${String(this.port)}?tls=false`;
  }

  breakReads(): void {
    this.reads.breakAll();
  }

  async halt(): Promise<void> {
    this.server?.forceShutdown();
    this.server = undefined;
    await Promise.resolve();
  }

  async resume(): Promise<void> {
    const server = new Server({ 'grpc.max_receive_message_length': 32 * 1024 * 1024 });
    server.addService(streamsService, {
      read: this.reads.handle,
      append: this.append,
      batchAppend: this.batchAppend,
      delete: this.remove((name, expected) => this.log.softDelete(name, expected), pb.DeleteResp),
      tombstone: this.remove(
        (name, expected) => this.log.tombstone(name, expected),
        pb.TombstoneResp,
      ),
    });
    server.addService(featuresService, { getSupportedMethods: this.supportedMethods });
    const address = `127.0.0.1:${String(this.port)}`;
    this.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
    this.server = server;
  }

  async stop(): Promise<void> {
    await this.halt();
  }

  private readonly supportedMethods = (
    _call: unknown,
    answer: sendUnaryData<InstanceType<typeof features.SupportedMethods>>,
  ): void => {
    const methods = new features.SupportedMethods();
    methods.setEventStoreServerVersion('0.0.0-stand-in');
    for (const name of this.batches ? ['read', 'append', 'batchappend'] : ['read', 'append']) {
      const method = new features.SupportedMethod();
      method.setServiceName('event_store.client.streams.streams');
      method.setMethodName(name);
      methods.addMethods(method);
    }
    answer(null, methods);
  };

  private readonly append = (
    call: ServerReadableStream<Streams.AppendReq, Streams.AppendResp>,
    answer: sendUnaryData<Streams.AppendResp>,
  ): void => {
    const batch: { stream: string; expected: bigint; events: ProposedEvent[] } = {
      stream: '',
      expected: -2n,
      events: [],
    };
    call.on('data', (message: Streams.AppendReq) => {
      const options = message.getOptions();
      const proposed = message.getProposedMessage();
      if (options) {
        batch.stream = nameOf(options.getStreamIdentifier());
        batch.expected = expectedOf(options);
      } else if (proposed) batch.events.push(proposedEvent(proposed));
    });
    call.on('end', () => {
      try {
        const outcome = this.write(batch, (error) => {
          answer(error);
        });
        if (outcome) answer(null, appendAnswer(batch.stream, outcome));
      } catch (error) {
        answer(error as ServiceError);
      }
    });
  };

  private readonly batchAppend = (call: BatchCall): void => {
    const open = new Map<string, Batch>();
    call.on('data', (message: Streams.BatchAppendReq) => {
      const id = uuidText(message.getCorrelationId());
      const options = message.getOptions();
      if (options)
        open.set(id, {
          stream: nameOf(options.getStreamIdentifier()),
          expected: expectedOf(options),
          events: [],
        });
      const batch = open.get(id);
      if (!batch) return;
      batch.events.push(...message.getProposedMessagesList().map(proposedEvent));
      if (!message.getIsFinal()) return;
      open.delete(id);
      const outcome = this.write(batch, (error) => {
        call.emit('error', error);
      });
      if (outcome)
        call.write(batchAnswer(message.getCorrelationId(), batch.stream, batch.expected, outcome));
    });
    call.on('end', () => call.end());
  };

  /** Writes, unless a fault is due; gives what to answer, if anything. */
  private write(
    { stream, expected, events }: Batch,
    fail: (error: ServiceError) => void,
  ): AppendOutcome | undefined {
    this.received.push({ stream, ids: events.map(({ id }) => id) });
    if (this.due('refuse')) {
      fail(
        failure(grpcStatus.NOT_FOUND, 'Leader info available', {
          exception: 'not-leader',
          'leader-endpoint-host': '127.0.0.1',
          'leader-endpoint-port': String(this.port),
        }),
      );
      return undefined;
    }
    if (this.due('swallow')) return undefined;
    const outcome = this.log.append(stream, expected, events);
    if (!this.due('loseAnswers')) return outcome;
    fail(failure(grpcStatus.UNAVAILABLE, 'the connection was cut'));
    return undefined;
  }

  private due(fault: keyof Faults): boolean {
    if (this.faults[fault] <= 0) return false;
    this.faults[fault]--;
    return true;
  }

  private remove<Answer>(
    run: (name: string, expected: bigint) => AppendOutcome,
    answerClass: new () => Answer,
  ) {
    return (call: ServerUnaryCall<Streams.DeleteReq, Answer>, answer: sendUnaryData<Answer>) => {
      const options = call.request.getOptions();
      const name = nameOf(options?.getStreamIdentifier());
      const outcome = run(name, options ? expectedOf(options) : -2n);
      if (outcome.result === 'deleted') answer(deleted(name));
      else if (outcome.result === 'ok') answer(null, new answerClass());
      else
        answer(
          failure(grpcStatus.FAILED_PRECONDITION, 'WrongExpectedVersion', {
            exception: 'wrong-expected-version',
            'stream-name': name,
            'expected-version': '0',
          }),
        );
    };
  }
}

/** Starts one on a free port. `batches: false`: appends take a call each, as with servers before 21.10 or with credentials per call. */
export const startEventStoreServer = async (
  options: { readonly batches?: boolean } = {},
): Promise<EventStoreServer> => {
  const server = new StandIn(options.batches ?? true);
  await server.resume();
  return server;
};
