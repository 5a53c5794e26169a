import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsUUID, Matches, ValidateNested } from 'class-validator';

/** Money in a request. */
export class AmountRequest {
  @ApiProperty({ example: '8668.00' })
  @Matches(/^\d{1,12}(\.\d{1,2})?$/)
  amount: string;

  @ApiProperty({ example: 'KES' })
  @Matches(/^KES$/)
  currency: string;
}

/** Asks a phone to pay for a loan. */
export class StartPaymentRequest {
  @ApiProperty({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsUUID()
  loanId: string;

  @ApiProperty()
  @ValidateNested()
  @Type(() => AmountRequest)
  amount: AmountRequest;

  @ApiProperty({ example: '254700000001' })
  @Matches(/^254\d{9}$/)
  phone: string;
}
