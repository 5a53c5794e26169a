import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  MaxLength,
  ValidateNested,
} from 'class-validator';

/** Money as it travels. */
export class MoneyRequest {
  @ApiProperty({ example: '25000.00' })
  @IsString()
  @MaxLength(40)
  amount: string;

  @ApiProperty({ example: 'KES' })
  @IsString()
  @MaxLength(3)
  currency: string;
}

/** What a customer applies for. Only shapes are checked here: every rule is decided, and listed, together. */
export class SubmitApplicationRequest {
  @ApiProperty({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsString()
  @MaxLength(36)
  productId: string;

  @ApiProperty({ type: MoneyRequest })
  @IsObject()
  @ValidateNested()
  @Type(() => MoneyRequest)
  principal: MoneyRequest;

  @ApiProperty({ example: 3 })
  @IsInt()
  numberOfInstallments: number;

  @ApiProperty({ example: '254700000001' })
  @IsString()
  @MaxLength(20)
  phone: string;

  @ApiPropertyOptional({ type: String, example: 'Stock for the shop', nullable: true })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  purpose: string | null = null;

  @ApiPropertyOptional({
    description: 'The vendor whose goods the loan is for; it hears of a rejection too',
    type: String,
    example: '0198c2f0-0000-7000-8000-000000000002',
    nullable: true,
  })
  @IsOptional()
  @IsUUID()
  vendorId: string | null = null;
}
