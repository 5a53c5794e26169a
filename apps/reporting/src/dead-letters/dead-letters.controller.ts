import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import {
  type Bus,
  type DeadLetter,
  type DeadLetterContents,
  byCause,
  DeadLetters,
  type DeadLettersOfCause,
} from '@daftari/messaging';
import { Answers, BUS, Idempotent, Meta, type RequestMeta, Requires } from '@daftari/service-kit';
import { DEAD_LETTER, DEAD_LETTER_CONTENTS, DISCARDED, REPLAYED } from '../examples.js';
import {
  DecideDeadLetterRequest,
  FindDeadLettersRequest,
  ReplayDeadLettersRequest,
} from './requests.js';

/** Messages that no retry helps, for people to decide about. An operator sees those of the own tenant. */
@Controller('v1/dead-letters')
@Requires('dead-letters:manage')
export class DeadLettersController {
  private readonly letters: DeadLetters;

  constructor(@Inject(BUS) bus: Bus) {
    this.letters = new DeadLetters(bus);
  }

  @Get()
  @Answers([{ cause: DEAD_LETTER.cause, count: 1, letters: [DEAD_LETTER] }])
  @ApiOperation({ summary: 'Dead letters by cause, the oldest first' })
  async list(
    @Query() query: FindDeadLettersRequest,
    @Meta() meta: RequestMeta,
  ): Promise<DeadLettersOfCause[]> {
    const { resolved, ...filter } = query;
    const { tenantId } = meta;
    return byCause(await this.letters.list({ ...filter, tenantId, resolved: resolved === 'true' }));
  }

  @Get(':id')
  @Answers(DEAD_LETTER_CONTENTS)
  @ApiOperation({ summary: 'One dead letter with its contents' })
  async show(@Param('id') id: string, @Meta() meta: RequestMeta): Promise<DeadLetterContents> {
    return this.letters.show(id, meta.tenantId);
  }

  /** What has been handled after all is not handled twice: the service knows the message by its id. */
  @Post('replay')
  @HttpCode(200)
  @Idempotent()
  @Answers({ replayed: 1, letters: [REPLAYED] })
  @ApiOperation({ summary: 'Hand every letter that matches to its service again' })
  async replayAll(
    @Body() { reason, ...filter }: ReplayDeadLettersRequest,
    @Meta() { tenantId, userId }: RequestMeta,
  ): Promise<{ replayed: number; letters: DeadLetter[] }> {
    const letters = await this.letters.replayAll({ ...filter, tenantId }, { by: userId, reason });
    return { replayed: letters.length, letters };
  }

  /** 409 `dead-letter/resolved` when somebody has decided about it before. */
  @Post(':id/replay')
  @HttpCode(200)
  @Idempotent()
  @Answers(REPLAYED)
  @ApiOperation({ summary: 'Hand one letter to its service again' })
  async replay(
    @Param('id') id: string,
    @Body() { reason }: DecideDeadLetterRequest,
    @Meta() { tenantId, userId }: RequestMeta,
  ): Promise<DeadLetter> {
    return this.letters.replay(id, { by: userId, reason }, tenantId);
  }

  /** 409 `dead-letter/resolved` when somebody has decided about it before. */
  @Post(':id/discard')
  @HttpCode(200)
  @Idempotent()
  @Answers(DISCARDED)
  @ApiOperation({ summary: 'Give a letter up, with a reason' })
  async discard(
    @Param('id') id: string,
    @Body() { reason }: DecideDeadLetterRequest,
    @Meta() { tenantId, userId }: RequestMeta,
  ): Promise<DeadLetter> {
    return this.letters.discard(id, { by: userId, reason }, tenantId);
  }
}
