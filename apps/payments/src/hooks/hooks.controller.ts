import { timingSafeEqual } from 'node:crypto';
import {
  Body,
  Controller,
  HttpCode,
  Inject,
  Param,
  PayloadTooLargeException,
  Post,
  Req,
} from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ContractViolation, NotFound } from '@daftari/kernel';
import { parseC2bValidation } from '@daftari/integrations';
import { callerOf, CONFIG, Database, Public, RawResponse } from '@daftari/service-kit';
import type { FastifyRequest } from 'fastify';
import type { PaymentsConfig } from '../config.js';
import { dedupeKeyOf, type HookKind, isHookKind } from './facts.js';

/** What Daraja wants to hear. */
interface Ack {
  readonly ResultCode: number | string;
  readonly ResultDesc: string;
}
const ACCEPTED: Ack = { ResultCode: 0, ResultDesc: 'Accepted' };
const REFUSED: Ack = { ResultCode: 'C2B00012', ResultDesc: 'Rejected' };

const MOST_BYTES = 256 * 1_024;

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
    @Inject(CONFIG) private readonly config: PaymentsConfig,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'A callback of Daraja' })
  receive(
    @Param('token') token: string,
    @Param('kind') kind: string,
    @Body() body: object,
    @Req() request: FastifyRequest,
  ): Promise<Ack> {
    return this.keep(token, kind, null, body, request);
  }

  @Post(':ref')
  @HttpCode(200)
  @ApiOperation({ summary: 'A callback of Daraja about one of our payments' })
  receiveFor(
    @Param('token') token: string,
    @Param('kind') kind: string,
    @Param('ref') ref: string,
    @Body() body: object,
    @Req() request: FastifyRequest,
  ): Promise<Ack> {
    return this.keep(token, kind, ref, body, request);
  }

  private async keep(
    token: string,
    kind: string,
    ref: string | null,
    body: object,
    request: FastifyRequest,
  ): Promise<Ack> {
    if (!same(token, this.config.DARAJA_HOOK_TOKEN) || !isHookKind(kind))
      throw new NotFound('callback');
    const raw = JSON.stringify(body);
    if (Buffer.byteLength(raw) > MOST_BYTES) throw new PayloadTooLargeException();
    if (kind === 'v') return this.validate(body);
    const { key, problem } = dedupeKeyOf(kind, ref, body, raw);
    await this.db.pool.query(
      'insert into webhook_inbox(kind, our_ref, dedupe_key, raw, remote_ip, status, last_error) values ($1,$2,$3,$4,$5,$6,$7) on conflict do nothing',
      [
        kind satisfies HookKind,
        ref,
        key,
        raw,
        callerOf(request).ip,
        problem === null ? 'new' : 'failed',
        problem,
      ],
    );
    return ACCEPTED;
  }

  /** Before the customer pays: is there such a loan? */
  private async validate(body: object): Promise<Ack> {
    let accountReference: string | undefined;
    try {
      accountReference = parseC2bValidation(body).accountReference;
    } catch (error) {
      if (error instanceof ContractViolation) return REFUSED;
      throw error;
    }
    const { rowCount } = await this.db.pool.query(
      'select 1 from payable_loan where tenant_id = $1 and account_reference = $2',
      [this.config.DARAJA_TENANT_ID, accountReference ?? ''],
    );
    return rowCount === 1 ? { ResultCode: '0', ResultDesc: 'Accepted' } : REFUSED;
  }
}
