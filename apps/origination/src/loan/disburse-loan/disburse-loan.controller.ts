import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  Answers,
  Idempotent,
  Meta,
  type RequestMeta,
  Requires,
  Tenants,
} from '@daftari/service-kit';
import { ChangeLoan } from '../change-loan.js';
import type { LoanStatus } from '../domain/loan.js';
import { LOAN } from '../../examples.js';

/** The payout is under way; the loan is active once it is confirmed. */
export interface DisburseLoanResponse {
  readonly loanId: string;
  readonly status: LoanStatus;
  readonly disbursementPending: boolean;
}

@ApiTags('loans')
@Controller('v1/loans')
export class DisburseLoanController {
  constructor(
    private readonly loans: ChangeLoan,
    private readonly tenants: Tenants,
  ) {}

  /** 202; 409 `loan/disbursement-pending` while a payout runs, `loan/illegal-transition` after it. */
  @Post(':id/disburse')
  @HttpCode(202)
  @Requires('loans:disburse')
  @Idempotent()
  @Answers({ loanId: LOAN.loanId, status: 'approved', disbursementPending: true })
  @ApiOperation({ summary: 'Ask for the payout of an approved loan' })
  async disburse(
    @Param('id') id: string,
    @Meta() meta: RequestMeta,
  ): Promise<DisburseLoanResponse> {
    const effectiveOn = await this.tenants.today(meta.tenantId);
    const { commandId } = meta;
    const command = { type: 'RequestDisbursement', data: { commandId, effectiveOn } } as const;
    const { status, disbursementPending } = await this.loans.forRequest(id, command, meta);
    return { loanId: id, status, disbursementPending };
  }
}
