import { timingSafeEqual } from 'node:crypto';
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ContractViolation, NotFound } from '@daftari/kernel';
import { parseC2bValidation } from '@daftari/integrations';
import { Answers, callerOf, CONFIG, Database, Public, RawResponse } from '@daftari/service-kit';
import type { FastifyRequest } from 'fastify';
import type { PaymentsConfig } from '../config.js';
import { CallbackStore } from './callback-store.js';
import { isHookKind } from './facts.js';
import { rawOf } from './keep-raw.js';

/** What Daraja wants to hear. */
interface Ack {
  readonly ResultCode: number | string;
  readonly ResultDesc: string;
}
const ACCEPTED: Ack = { ResultCode: 0, ResultDesc: 'Accepted' };
const REFUSED: Ack = { ResultCode: 'C2B00012', ResultDesc: 'Rejected' };

const same = (given: string, expected: string): boolean => {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Provider callbacks: kept as they came, answered at once, worked on afterwards. A repeat finds its row and changes nothing. */
@Controller('hooks/daraja/:token/:kind')
@Public()
@RawResponse()
export class HooksController {
  constructor(
    private readonly db: Database,
    private readonly store: CallbackStore,
    @Inject(CONFIG) private readonly config: PaymentsConfig,
  ) {}

  @Post()
  @HttpCode(200)
  @Answers(ACCEPTED)
  @ApiOperation({ summary: 'A callback of Daraja' })
  receive(
    @Param('token') token: string,
    @Param('kind') kind: string,
    @Req() request: FastifyRequest,
  ): Promise<Ack> {
    return this.keep(token, kind, null, request);
  }

  @Post(':ref')
  @HttpCode(200)
  @Answers(ACCEPTED)
  @ApiOperation({ summary: 'A callback of Daraja about one of our payments' })
  receiveFor(
    @Param('token') token: string,
    @Param('kind') kind: string,
    @Param('ref') ref: string,
    @Req() request: FastifyRequest,
  ): Promise<Ack> {
    return this.keep(token, kind, ref, request);
  }

  private async keep(
    token: string,
    kind: string,
    ref: string | null,
    request: FastifyRequest,
  ): Promise<Ack> {
    if (!same(token, this.config.DARAJA_HOOK_TOKEN) || !isHookKind(kind))
      throw new NotFound('callback');
    const raw = rawOf(request);
    if (kind === 'v') return this.validate(raw);
    await this.store.keep({ kind, ref, raw, remoteIp: callerOf(request).ip });
    return ACCEPTED;
  }

  /** Before the customer pays: is there such a loan? */
  private async validate(raw: string): Promise<Ack> {
    let accountReference: string | undefined;
    try {
      accountReference = parseC2bValidation(JSON.parse(raw) as unknown).accountReference;
    } catch (error) {
      if (error instanceof ContractViolation || error instanceof SyntaxError) return REFUSED;
      throw error;
    }
    const { rowCount } = await this.db.pool.query(
      'select 1 from payable_loan where tenant_id = $1 and account_reference = $2',
      [this.config.DARAJA_TENANT_ID, accountReference ?? ''],
    );
    return rowCount === 1 ? { ResultCode: '0', ResultDesc: 'Accepted' } : REFUSED;
  }
}
