import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiProperty } from '@nestjs/swagger';
import { deterministicId, isErrorCode, parseMoney, Rejected } from '@daftari/kernel';
import {
  Answers,
  eventMeta,
  Idempotent,
  Meta,
  type RequestMeta,
  Requires,
  Tenants,
} from '@daftari/service-kit';
import { Type } from 'class-transformer';
import {
  IsNotEmpty,
  IsObject,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { entryOf, type JournalEntry } from '../find-entries/entry.js';
import { PostTransactionHandler } from './post-transaction.handler.js';
import { CAPITAL } from '../../examples.js';

class MoneyBody {
  @ApiProperty({ example: '1000000.00' })
  @Matches(/^\d{1,15}(\.\d{1,3})?$/, { message: 'must be a decimal string' })
  amount: string;

  @ApiProperty({ example: 'KES' })
  @Matches(/^[A-Z]{3}$/, { message: 'must be three capital letters' })
  currency: string;
}

/** Capital to bring in. */
export class InjectCapitalRequest {
  @ApiProperty({ type: MoneyBody })
  @IsObject()
  @ValidateNested()
  @Type(() => MoneyBody)
  amount: MoneyBody;

  @ApiProperty({ example: 'Bank transfer 4711' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  reference: string;
}

/** Brings the lender's own money into the float. */
@Controller('v1/ledger/capital')
export class InjectCapitalController {
  constructor(
    private readonly handler: PostTransactionHandler,
    private readonly tenants: Tenants,
  ) {}

  /** 201 with the posted transaction; 422 for an amount the currency cannot have or another currency than the tenant's. */
  @Post()
  @HttpCode(201)
  @Requires('ledger:post')
  @Idempotent()
  @Answers(CAPITAL)
  @ApiOperation({ summary: 'Bring capital into the float' })
  async inject(
    @Body() body: InjectCapitalRequest,
    @Meta() meta: RequestMeta,
  ): Promise<JournalEntry> {
    const money = parseMoney(body.amount);
    const tenant = await this.tenants.get(meta.tenantId);
    if (money.currency !== tenant.currency)
      throw new Rejected('ledger/other-currency', `This lender keeps ${tenant.currency}`, 422);
    const asked = {
      kind: 'capital-injected' as const,
      currency: money.currency,
      amounts: { amount: body.amount.amount },
      reference: body.reference,
    };
    const request = {
      ...asked,
      transactionId: deterministicId('capital', meta.commandId),
      effectiveOn: await this.tenants.today(meta.tenantId),
      loanId: null,
      paymentId: null,
    };
    const { revision } = await this.handler.post(request, eventMeta(meta), asked);
    const entry = entryOf(await this.handler.entryAt(meta.tenantId, revision));
    if (entry.status === 'refused') {
      const code = entry.code ?? '';
      const known = isErrorCode(code) ? code : 'ledger/refused';
      throw new Rejected(known, entry.reason ?? 'The ledger refused', 422);
    }
    return entry;
  }
}
