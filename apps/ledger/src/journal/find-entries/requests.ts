import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsInt,
  IsISO8601,
  IsNumberString,
  IsOptional,
  IsUUID,
  Matches,
  Max,
  Min,
} from 'class-validator';

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const dateRule = { message: 'must be a date, YYYY-MM-DD' };

/** A page of a list. */
export class PageRequest {
  @ApiPropertyOptional({ example: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 50;

  @ApiPropertyOptional({ example: '1200' })
  @IsOptional()
  @IsNumberString({ no_symbols: true })
  @Matches(/^\d{1,15}$/)
  cursor?: string;
}

/** Which journal entries. */
export class FindEntriesRequest extends PageRequest {
  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsUUID()
  loanId?: string;

  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsUUID()
  paymentId?: string;

  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsUUID()
  transactionId?: string;
}

/** As of which effective date, and as known before which instant. */
export class TrialBalanceRequest {
  @ApiPropertyOptional({ example: '2026-01-31' })
  @IsOptional()
  @Matches(DATE, dateRule)
  @IsISO8601({ strict: true })
  asOf?: string;

  @ApiPropertyOptional({ example: '2026-02-01T00:00:00Z' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  recordedBefore?: string;
}

/** Which part of an account's statement. */
export class StatementRequest extends PageRequest {
  @ApiPropertyOptional({ example: '2026-01-01' })
  @IsOptional()
  @Matches(DATE, dateRule)
  @IsISO8601({ strict: true })
  from?: string;

  @ApiPropertyOptional({ example: '2026-01-31' })
  @IsOptional()
  @Matches(DATE, dateRule)
  @IsISO8601({ strict: true })
  to?: string;

  @ApiPropertyOptional({ example: '2026-01-31' })
  @IsOptional()
  @Matches(DATE, dateRule)
  @IsISO8601({ strict: true })
  asOf?: string;

  @ApiPropertyOptional({ example: '2026-02-01T00:00:00Z' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  recordedBefore?: string;
}

/** About which loan or payment the trail is. */
export class TrailRequest {
  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsUUID()
  loanId?: string;

  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsUUID()
  paymentId?: string;
}
