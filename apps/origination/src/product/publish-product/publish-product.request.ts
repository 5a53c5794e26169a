import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsNumberString,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import type { AllocationStrategy, ProductTerms } from '../domain/product.js';

/** How often an installment falls due. */
export class RepaymentEveryRequest {
  @ApiProperty({ example: 1 })
  @IsInt()
  @Min(1)
  @Max(366)
  n: number;

  @ApiProperty({ example: 'months', enum: ['days', 'weeks', 'months'] })
  @IsIn(['days', 'weeks', 'months'])
  unit: ProductTerms['repaymentEvery']['unit'];
}

/** The terms template of a product. */
export class ProductTermsRequest {
  @ApiPropertyOptional({ example: 'progressive', enum: ['progressive'] })
  @IsOptional()
  @IsIn(['progressive'])
  convention: ProductTerms['convention'] = 'progressive';

  @ApiProperty({ example: '24.0' })
  @IsString()
  annualRatePercent: string;

  @ApiProperty({ type: RepaymentEveryRequest })
  @IsObject()
  @ValidateNested()
  @Type(() => RepaymentEveryRequest)
  repaymentEvery: RepaymentEveryRequest;

  @ApiPropertyOptional({ example: '360', enum: ['actual', '360', '364', '365'] })
  @IsOptional()
  @IsIn(['actual', '360', '364', '365'])
  daysInYear: ProductTerms['daysInYear'] = '360';

  @ApiPropertyOptional({ example: '30', enum: ['actual', '30'] })
  @IsOptional()
  @IsIn(['actual', '30'])
  daysInMonth: ProductTerms['daysInMonth'] = '30';

  @ApiPropertyOptional({ example: 'HALF_EVEN', enum: ['HALF_EVEN', 'HALF_UP', 'FLOOR', 'CEILING'] })
  @IsOptional()
  @IsIn(['HALF_EVEN', 'HALF_UP', 'FLOOR', 'CEILING'])
  roundingMode: ProductTerms['roundingMode'] = 'HALF_EVEN';

  @ApiPropertyOptional({ example: '1', nullable: true })
  @IsOptional()
  @IsNumberString()
  installmentAmountInMultiplesOf: string | null = null;

  @ApiPropertyOptional({ example: 'penalty_fee_interest_principal' })
  @IsOptional()
  @IsIn([
    'penalty_fee_interest_principal',
    'interest_principal_penalty_fee',
    'principal_interest_penalty_fee',
    'due_pfip_then_advance_ppfi',
    'due_pipf_then_advance_pipf',
  ])
  allocationStrategy: AllocationStrategy = 'penalty_fee_interest_principal';
}

/** A new product. Amounts are decimal strings in its currency. */
export class PublishProductRequest {
  @ApiProperty({ example: 'Biashara 90' })
  @IsString()
  @Length(1, 100)
  name: string;

  @ApiProperty({ example: 'KES' })
  @Matches(/^[A-Z]{3}$/)
  currency: string;

  @ApiProperty({ example: '5000.00' })
  @IsString()
  minPrincipal: string;

  @ApiProperty({ example: '100000.00' })
  @IsString()
  maxPrincipal: string;

  @ApiProperty({ example: 1 })
  @IsInt()
  @Min(1)
  minInstallments: number;

  @ApiProperty({ example: 12 })
  @IsInt()
  @Min(1)
  maxInstallments: number;

  @ApiProperty({ type: ProductTermsRequest })
  @IsObject()
  @ValidateNested()
  @Type(() => ProductTermsRequest)
  terms: ProductTermsRequest;

  @ApiPropertyOptional({ example: '10000.00', nullable: true })
  @IsOptional()
  @IsString()
  minMonthlyIncome: string | null = null;

  @ApiPropertyOptional({ example: 300, nullable: true })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000)
  minScore: number | null = null;
}
