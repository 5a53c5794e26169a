import { createRequire } from 'node:module';
import type * as Shared from '@eventstore/db-client/generated/shared_pb.js';
import type * as Status from '@eventstore/db-client/generated/status_pb.js';
import type * as Streams from '@eventstore/db-client/generated/streams_pb.js';
import type * as Features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type * as WellKnown from 'google-protobuf/google/protobuf/empty_pb.js';
import type * as AnyPb from 'google-protobuf/google/protobuf/any_pb.js';
import type { ServiceDefinition } from '@grpc/grpc-js';

// The protocol as it is published: the code that is generated from it comes with the client.
const require = createRequire(import.meta.url);
const generated = <T>(name: string): T => require(`@eventstore/db-client/generated/${name}`) as T;

export const pb = generated<typeof Streams>('streams_pb.js');
export const shared = generated<typeof Shared>('shared_pb.js');
export const status = generated<typeof Status>('status_pb.js');
export const features = generated<typeof Features>('serverfeatures_pb.js');
export const streamsService = generated<{ StreamsService: ServiceDefinition }>(
  'streams_grpc_pb.js',
).StreamsService;
export const featuresService = generated<{ ServerFeaturesService: ServiceDefinition }>(
  'serverfeatures_grpc_pb.js',
).ServerFeaturesService;
export const empty = (require('google-protobuf/google/protobuf/empty_pb.js') as typeof WellKnown)
  .Empty;
export const any = (require('google-protobuf/google/protobuf/any_pb.js') as typeof AnyPb).Any;
export type { Shared, Status, Streams };
