import type { Type } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';
import { PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import { PARTITIONS } from '@daftari/contracts';
import { groupTopics, type TopicSpec } from '@daftari/messaging';
import type { ServiceDefinition } from './service.js';
import { TenantConsumer } from './tenants.js';

/** Controllers that every service has. */
export const CORE_CONTROLLERS: readonly Type[] = [TenantConsumer];

const listed = <T>(key: string, target: object): readonly T[] =>
  (Reflect.getMetadata(key, target) as readonly T[] | undefined) ?? [];

const controllersOf = (module: Type): readonly Type[] => [
  ...listed<Type>(MODULE_METADATA.CONTROLLERS, module),
  ...listed<Type>(MODULE_METADATA.IMPORTS, module).flatMap(controllersOf),
];

const patternsOf = ({ prototype }: Type): readonly string[] =>
  Object.values(Object.getOwnPropertyDescriptors(prototype as object)).flatMap(
    ({ value }: PropertyDescriptor) =>
      typeof value === 'function' ? listed<string>(PATTERN_METADATA, value) : [],
  );

/** The topics that a service needs: all of the published language, and its own for retries and dead letters. */
export const topicsOf = ({
  name,
  module,
}: Pick<ServiceDefinition, 'name' | 'module'>): TopicSpec[] => {
  const consumed = [...CORE_CONTROLLERS, ...controllersOf(module)].flatMap(patternsOf);
  return [
    ...Object.entries(PARTITIONS).map(([topic, partitions]) => ({ topic, partitions })),
    ...groupTopics(name, [...new Set(consumed)].sort()),
  ];
};
