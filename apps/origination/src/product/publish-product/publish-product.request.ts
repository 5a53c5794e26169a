import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
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
import type { FutureRule, Part, RecalculationTerms, Tense } from '@daftari/lending-math';
import type { AllocationOrder, AllocationStrategy, ProductTerms } from '../domain/product.js';
import { ProductChoiceRequest } from './product-choice.request.js';

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

const PARTS = ['penalty', 'fee', 'interest', 'principal'] as const satisfies Part[];
const TENSES = ['past_due', 'due', 'in_advance'] as const satisfies Tense[];
const ORDER = TENSES.flatMap((tense) => PARTS.map((part) => `${tense}_${part}` as const));
const FUTURES = [
  'next_installment',
  'last_installment',
  'reamortization',
  'next_last_installment',
] as const satisfies FutureRule[];

/** A product's own order of payment. */
export class AllocationOrderRequest {
  @ApiProperty({ example: 'horizontal', enum: ['horizontal', 'vertical'] })
  @IsIn(['horizontal', 'vertical'])
  processing: AllocationOrder['processing'];

  @ApiProperty({
    example: ORDER,
    enum: ORDER,
    isArray: true,
    description: 'Every part of every tense, once',
  })
  @IsArray()
  @ArrayUnique()
  @ArrayMinSize(ORDER.length)
  @IsIn(ORDER, { each: true })
  order: AllocationOrder['order'];

  @ApiProperty({
    example: 'next_installment',
    enum: FUTURES,
    description: 'Which installments an early payment goes to',
  })
  @IsIn(FUTURES)
  future: AllocationOrder['future'];
}

/** Interest that follows what is really paid and when. */
export class RecalculationRequest {
  @ApiProperty({
    example: 'till_pre_close_date',
    enum: ['till_pre_close_date', 'till_rest_frequency_date'],
    description: 'How far an early payment owes interest',
  })
  @IsIn(['till_pre_close_date', 'till_rest_frequency_date'])
  preClosure: RecalculationTerms['preClosure'];

  @ApiPropertyOptional({ example: 'daily', enum: ['daily', 'same_as_repayment'] })
  @IsOptional()
  @IsIn(['daily', 'same_as_repayment'])
  restFrequency: NonNullable<RecalculationTerms['restFrequency']> = 'daily';

  @ApiPropertyOptional({ example: false, description: 'Overdue principal bears no interest' })
  @IsOptional()
  @IsBoolean()
  noInterestOnPastDue: boolean = false;
}

/** The terms template of a product. */
export class ProductTermsRequest {
  @ApiPropertyOptional({ example: 'progressive', enum: ['progressive', 'product'] })
  @IsOptional()
  @IsIn(['progressive', 'product'])
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

  @ApiPropertyOptional({ type: String, example: '1', nullable: true })
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
    'rules',
  ])
  allocationStrategy: AllocationStrategy = 'penalty_fee_interest_principal';

  @ApiPropertyOptional({
    type: AllocationOrderRequest,
    nullable: true,
    description: 'With the strategy `rules`',
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => AllocationOrderRequest)
  allocationOrder: AllocationOrderRequest | null = null;

  @ApiPropertyOptional({
    type: RecalculationRequest,
    nullable: true,
    description: 'Null: the schedule stays as agreed',
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RecalculationRequest)
  recalculation: RecalculationRequest | null = null;

  @ApiPropertyOptional({
    type: String,
    example: 'disbursement_day',
    enum: ['disbursement_day'],
    nullable: true,
    description: 'A year of the day count ends on 1 January, not on 31 December',
  })
  @IsOptional()
  @IsIn(['disbursement_day'])
  interestAccruesFrom: ProductTerms['interestAccruesFrom'] = null;

  @ApiPropertyOptional({
    type: ProductChoiceRequest,
    nullable: true,
    description: 'With the convention `product`, and only then',
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ProductChoiceRequest)
  product: ProductChoiceRequest | null = null;
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

  @ApiPropertyOptional({ type: String, example: '10000.00', nullable: true })
  @IsOptional()
  @IsString()
  minMonthlyIncome: string | null = null;

  @ApiPropertyOptional({ type: Number, example: 300, nullable: true })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000)
  minScore: number | null = null;
}
