import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';

/** Which dead letters. */
export class FindDeadLettersRequest {
  @ApiPropertyOptional({ example: 'product/unknown', description: 'Code or class of the error' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  cause?: string;

  @ApiPropertyOptional({ example: 'daftari.payments.payment.v1' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  topic?: string;

  @ApiPropertyOptional({ example: 'ledger', description: 'The service that could not handle it' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  group?: string;

  @ApiPropertyOptional({ example: 'true', description: 'Also those that were dealt with' })
  @IsOptional()
  @IsIn(['true', 'false'])
  resolved?: 'true' | 'false';
}

/** Why a person decided so. */
export class DecideDeadLetterRequest {
  @ApiProperty({ example: 'the product exists now' })
  @IsString()
  @Length(3, 500)
  reason: string;
}

/** Why, and which letters. */
export class ReplayDeadLettersRequest extends DecideDeadLetterRequest {
  @ApiPropertyOptional({ example: 'product/unknown' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  cause?: string;

  @ApiPropertyOptional({ example: 'daftari.payments.payment.v1' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  topic?: string;

  @ApiPropertyOptional({ example: 'ledger' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  group?: string;
}
