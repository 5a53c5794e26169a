import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';

/** Why an application is rejected, and what the customer can do now. */
export class RejectApplicationRequest {
  @ApiProperty({ example: 'Income too low' })
  @IsString()
  @Length(1, 500)
  reason: string;

  @ApiProperty({ example: 'Apply again in 30 days' })
  @IsString()
  @Length(1, 500)
  nextSteps: string;
}
