import { SetMetadata } from '@nestjs/common';

/** Metadata key of a route's documented answer. */
export const ANSWERS = 'daftari:answers';

/** What a route answers when all is well, as the API's document shows it. */
export interface DocumentedAnswer {
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Documents a route's good answer by an example of its data; lists add what else `metadata` holds. */
export const Answers = (
  data: unknown,
  metadata: Readonly<Record<string, unknown>> = {},
): MethodDecorator => SetMetadata(ANSWERS, { data, metadata } satisfies DocumentedAnswer);

/** Documents a page of a list by one of its items. */
export const AnswersPage = (
  item: unknown,
  metadata: Readonly<Record<string, unknown>> = {},
): MethodDecorator => Answers([item], { nextCursor: null, ...metadata });
