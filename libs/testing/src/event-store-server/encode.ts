import { Metadata, type ServiceError, status as grpcStatus } from '@grpc/grpc-js';
import type { AppendOutcome, ProposedEvent, StoredEvent } from './log.js';
import { any, empty, pb, shared, type Shared, status, type Streams } from './protocol.js';

const TICKS_PER_MS = 10_000n;

/** A UUID in the form that was asked for. */
const uuid = (id: string, structured: boolean): Shared.UUID => {
  const value = new shared.UUID();
  if (!structured) {
    value.setString(id);
    return value;
  }
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  const parts = new shared.UUID.Structured();
  parts.setMostSignificantBits(bytes.readBigInt64BE(0).toString());
  parts.setLeastSignificantBits(bytes.readBigInt64BE(8).toString());
  value.setStructured(parts);
  return value;
};

/** The text of a UUID in either form. */
export const uuidText = (id: Shared.UUID | undefined): string => {
  const parts = id?.getStructured();
  if (!parts) return id?.getString() ?? '';
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(parts.getMostSignificantBits())), 0);
  bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(parts.getLeastSignificantBits())), 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** The name in an identifier. */
export const nameOf = (identifier: Shared.StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');

const identifier = (name: string): Shared.StreamIdentifier => {
  const value = new shared.StreamIdentifier();
  value.setStreamName(new Uint8Array(Buffer.from(name, 'utf8')));
  return value;
};

/** An event as a read gives it. */
export const readEvent = (event: StoredEvent, structuredIds: boolean): Streams.ReadResp => {
  const recorded = new pb.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(uuid(event.id, structuredIds));
  recorded.setStreamIdentifier(identifier(event.stream));
  recorded.setStreamRevision(event.revision.toString());
  recorded.setCommitPosition(event.position.toString());
  recorded.setPreparePosition(event.position.toString());
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.metadata);
  const metadata = recorded.getMetadataMap();
  metadata.set('type', event.type);
  metadata.set('content-type', event.contentType);
  metadata.set('created', (BigInt(event.created.getTime()) * TICKS_PER_MS).toString());
  const read = new pb.ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(event.position.toString());
  const response = new pb.ReadResp();
  response.setEvent(read);
  return response;
};

/** Nothing is there to read. */
export const streamNotFound = (name: string): Streams.ReadResp => {
  const missing = new pb.ReadResp.StreamNotFound();
  missing.setStreamIdentifier(identifier(name));
  const response = new pb.ReadResp();
  response.setStreamNotFound(missing);
  return response;
};

/** A filtered log has moved on to here. */
export const checkpoint = (position: bigint): Streams.ReadResp => {
  const mark = new pb.ReadResp.Checkpoint();
  mark.setCommitPosition(position.toString());
  mark.setPreparePosition(position.toString());
  const response = new pb.ReadResp();
  response.setCheckpoint(mark);
  return response;
};

/** A subscription is in place. */
export const confirmation = (id: string): Streams.ReadResp => {
  const confirmed = new pb.ReadResp.SubscriptionConfirmation();
  confirmed.setSubscriptionId(id);
  const response = new pb.ReadResp();
  response.setConfirmation(confirmed);
  return response;
};

/** A subscription has given the history. */
export const caughtUp = (): Streams.ReadResp => {
  const response = new pb.ReadResp();
  response.setCaughtUp(new pb.ReadResp.CaughtUp());
  return response;
};

/** An error as the server tells it: the kind in the trailer `exception`. */
export const failure = (
  code: grpcStatus,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): ServiceError => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
};

/** The stream is gone for ever. */
export const deleted = (stream: string): ServiceError =>
  failure(grpcStatus.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });

/** The answer to one append of the batch call. */
export const batchAnswer = (
  correlationId: Shared.UUID | undefined,
  stream: string,
  expected: bigint,
  outcome: AppendOutcome,
): Streams.BatchAppendResp => {
  const response = new pb.BatchAppendResp();
  response.setCorrelationId(correlationId);
  response.setStreamIdentifier(identifier(stream));
  if (outcome.result === 'ok') {
    const success = new pb.BatchAppendResp.Success();
    success.setCurrentRevision(outcome.revision.toString());
    const position = new shared.AllStreamPosition();
    position.setCommitPosition(outcome.position.toString());
    position.setPreparePosition(outcome.position.toString());
    success.setPosition(position);
    response.setSuccess(success);
    return response;
  }
  const problem = new status.Status();
  problem.setMessage(outcome.result);
  const details = new any();
  const [message, name] = problemOf(stream, expected, outcome);
  details.pack(message.serializeBinary(), `event_store.client.${name}`);
  problem.setDetails(details);
  response.setError(problem);
  return response;
};

const problemOf = (
  stream: string,
  expected: bigint,
  outcome: Exclude<AppendOutcome, { result: 'ok' }>,
): [{ serializeBinary(): Uint8Array }, string] => {
  if (outcome.result === 'deleted') {
    const gone = new shared.StreamDeleted();
    gone.setStreamIdentifier(identifier(stream));
    return [gone, 'StreamDeleted'];
  }
  if (outcome.result === 'too-large') {
    const large = new shared.MaximumAppendSizeExceeded();
    large.setMaxappendsize(outcome.max);
    return [large, 'MaximumAppendSizeExceeded'];
  }
  const wrong = new shared.WrongExpectedVersion();
  if (outcome.current < 0n) wrong.setCurrentNoStream(new empty());
  else wrong.setCurrentStreamRevision(outcome.current.toString());
  if (expected >= 0n) wrong.setExpectedStreamPosition(expected.toString());
  else if (expected === -1n) wrong.setExpectedNoStream(new empty());
  else if (expected === -4n) wrong.setExpectedStreamExists(new empty());
  else wrong.setExpectedAny(new empty());
  return [wrong, 'WrongExpectedVersion'];
};

/** The answer to one append of its own call. Throws the error that the server answers with. */
export const appendAnswer = (stream: string, outcome: AppendOutcome): Streams.AppendResp => {
  const response = new pb.AppendResp();
  if (outcome.result === 'deleted') throw deleted(stream);
  if (outcome.result === 'too-large')
    throw failure(grpcStatus.INVALID_ARGUMENT, 'Maximum Append Size Exceeded', {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': String(outcome.max),
    });
  if (outcome.result === 'wrong') {
    const wrong = new pb.AppendResp.WrongExpectedVersion();
    if (outcome.current < 0n) wrong.setCurrentNoStream(new shared.Empty());
    else wrong.setCurrentRevision(outcome.current.toString());
    response.setWrongExpectedVersion(wrong);
    return response;
  }
  const success = new pb.AppendResp.Success();
  success.setCurrentRevision(outcome.revision.toString());
  const position = new pb.AppendResp.Position();
  position.setCommitPosition(outcome.position.toString());
  position.setPreparePosition(outcome.position.toString());
  success.setPosition(position);
  response.setSuccess(success);
  return response;
};

/** The expectation of an append or a delete, as its number. */
export const expectedOf = (options: {
  hasAny(): boolean;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
  getRevision?(): string;
  getStreamPosition?(): string;
}): bigint => {
  if (options.hasNoStream()) return -1n;
  if (options.hasAny()) return -2n;
  if (options.hasStreamExists()) return -4n;
  return BigInt(options.getRevision?.() ?? options.getStreamPosition?.() ?? 0);
};

/** A proposed event of either append call. */
export const proposedEvent = (
  message: Streams.AppendReq.ProposedMessage | Streams.BatchAppendReq.ProposedMessage,
): ProposedEvent => ({
  id: uuidText(message.getId()),
  type: message.getMetadataMap().get('type') ?? '',
  contentType: message.getMetadataMap().get('content-type') ?? '',
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
});
