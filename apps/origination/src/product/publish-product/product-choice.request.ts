import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import { DAY_COUNTS, PRODUCT_KINDS } from '@daftari/lending-math';
import type { ProductChoice } from '../domain/product.js';

/** How installments rise: after every so many, by so many percent. */
export class StepRequest {
  @ApiProperty({ example: 3 })
  @IsInt()
  @Min(1)
  every: number;

  @ApiProperty({ example: '10', description: 'Percent; negative steps down' })
  @IsString()
  percent: string;
}

/** One of the named products, and what it leaves open. */
export class ProductChoiceRequest {
  @ApiProperty({ example: 'equal_principal', enum: PRODUCT_KINDS })
  @IsIn(PRODUCT_KINDS)
  kind: ProductChoice['kind'];

  @ApiPropertyOptional({ example: 'actual/365', enum: DAY_COUNTS })
  @IsOptional()
  @IsIn(DAY_COUNTS)
  dayCount: ProductChoice['dayCount'] = '30e/360';

  @ApiPropertyOptional({
    example: '40',
    nullable: true,
    description: 'Share of the loan left to the last installment; `balloon` needs it',
  })
  @IsOptional()
  @IsString()
  balloonPercent: string | null = null;

  @ApiPropertyOptional({ type: StepRequest, nullable: true, description: '`step_up` needs it' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => StepRequest)
  step: StepRequest | null = null;

  @ApiPropertyOptional({ example: 0, description: 'First installments without principal' })
  @IsOptional()
  @IsInt()
  @Min(0)
  gracePrincipal: number = 0;

  @ApiPropertyOptional({
    example: 0,
    description: 'First installments whose interest is due with the one after them',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  graceInterest: number = 0;

  @ApiPropertyOptional({ example: 0, description: 'First installments that bear no interest' })
  @IsOptional()
  @IsInt()
  @Min(0)
  interestFreePeriods: number = 0;
}

/** The choice as it is stored. */
export const toProductChoice = (body: ProductChoiceRequest): ProductChoice => ({
  kind: body.kind,
  dayCount: body.dayCount,
  balloonPercent: body.balloonPercent,
  step: body.step && { every: body.step.every, percent: body.step.percent },
  gracePrincipal: body.gracePrincipal,
  graceInterest: body.graceInterest,
  interestFreePeriods: body.interestFreePeriods,
});
