import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { ACTIONS } from './review-item.js';

const KINDS = Object.keys(ACTIONS);

/** Filters of the review list. */
export class ListReviewRequest {
  @ApiPropertyOptional({ enum: ['open', 'resolved'], example: 'open' })
  @IsOptional()
  @IsIn(['open', 'resolved'])
  status?: string;

  @ApiPropertyOptional({ enum: KINDS, example: 'unallocated-payment' })
  @IsOptional()
  @IsIn(KINDS)
  kind?: string;

  @ApiPropertyOptional({ description: 'nextCursor of the page before' })
  @IsOptional()
  @Matches(/^[\dT:.Z-]{20,30}_[\da-f-]{36}$/)
  cursor?: string;

  @ApiPropertyOptional({ example: 25 })
  @IsOptional()
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;
}

/** Why an operator does something; kept with the events and the audit trail. */
export class ReasonRequest {
  @ApiProperty({ example: 'The customer sent the M-Pesa message: one digit was mistyped' })
  @IsString()
  @Length(3, 500)
  reason: string;
}

/** Which loan a payment belongs to: its id, or its account reference. */
export class AllocatePaymentRequest extends ReasonRequest {
  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsUUID()
  loanId?: string;

  @ApiPropertyOptional({ example: 'LN10000001' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9]{1,20}$/)
  accountReference?: string;
}

/** What the provider calls the movement that an operator saw in its portal or statement. */
export class ProviderWordRequest extends ReasonRequest {
  @ApiProperty({ example: 'SGR7X1ABCD' })
  @Matches(/^[A-Za-z0-9_-]{4,64}$/)
  providerReference: string;
}
