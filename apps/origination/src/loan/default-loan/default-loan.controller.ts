import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { Answers, Meta, type RequestMeta, Requires, Tenants } from '@daftari/service-kit';
import { ChangeLoan } from '../change-loan.js';
import type { LoanStatus } from '../domain/loan.js';
import { LOAN } from '../../examples.js';

/** Why a loan is given up. */
export class DefaultLoanRequest {
  @ApiProperty({ example: '120 days past due, no contact' })
  @IsString()
  @Length(1, 500)
  reason: string;
}

@ApiTags('loans')
@Controller('v1/loans')
export class DefaultLoanController {
  constructor(
    private readonly loans: ChangeLoan,
    private readonly tenants: Tenants,
  ) {}

  /** 409 `loan/not-in-arrears` when nothing is overdue, `loan/illegal-transition` unless it is active. */
  @Post(':id/default')
  @HttpCode(200)
  @Requires('applications:decide')
  @Answers({ loanId: LOAN.loanId, status: 'defaulted' })
  @ApiOperation({ summary: 'Declare an overdue loan defaulted' })
  async declare(
    @Param('id') id: string,
    @Body() { reason }: DefaultLoanRequest,
    @Meta() meta: RequestMeta,
  ): Promise<{ loanId: string; status: LoanStatus }> {
    const on = await this.tenants.today(meta.tenantId);
    const data = { commandId: meta.commandId, on, reason };
    const { status } = await this.loans.forRequest(id, { type: 'DefaultLoan', data }, meta);
    return { loanId: id, status };
  }
}
