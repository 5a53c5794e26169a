import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsEmail,
  IsIn,
  IsNotEmpty,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';

const EMAIL = 'asha@example.test';
const PASSWORD = 'correct horse battery staple';

export class LoginRequest {
  @ApiProperty({ example: EMAIL }) @IsEmail() email: string;
  @ApiProperty({ example: PASSWORD }) @IsString() @Length(1, 128) password: string;
  @ApiPropertyOptional({ example: 'demo' })
  @IsOptional()
  @Matches(/^[a-z0-9-]{1,40}$/)
  tenant?: string;
}

export class RegisterRequest {
  @ApiProperty({ example: EMAIL }) @IsEmail() @MaxLength(200) email: string;
  @ApiProperty({ example: PASSWORD, minLength: 12 }) @IsString() @Length(12, 128) password: string;
  @ApiProperty({ example: 'Asha Otieno' }) @IsNotEmpty() @MaxLength(120) name: string;
  @ApiProperty({ example: '254700000099' }) @Matches(/^254\d{9}$/) phone: string;
  @ApiPropertyOptional({ example: 'demo' })
  @IsOptional()
  @Matches(/^[a-z0-9-]{1,40}$/)
  tenant?: string;
}

export class RefreshRequest {
  @ApiProperty({ example: 'the refresh token' }) @IsString() @Length(20, 200) refreshToken: string;
}

export class VerifyEmailQuery {
  @ApiProperty({ example: 'the token of the link' }) @IsString() @Length(20, 200) token: string;
}

export class MoneyRequest {
  @ApiProperty({ example: '60000.00' }) @Matches(/^\d{1,15}(\.\d{1,3})?$/) amount: string;
  @ApiProperty({ example: 'KES' }) @Matches(/^[A-Z]{3}$/) currency: string;
}

export class ProfileRequest {
  @ApiProperty({ example: 'Asha Otieno' }) @IsNotEmpty() @MaxLength(120) name: string;
  @ApiProperty({ example: '254700000099' }) @Matches(/^254\d{9}$/) phone: string;
  @ApiProperty({ example: '1990-05-17' }) @Matches(/^\d{4}-\d{2}-\d{2}$/) dateOfBirth: string;
  @ApiProperty() @ValidateNested() @Type(() => MoneyRequest) monthlyIncome: MoneyRequest;
  @ApiProperty({ example: 'employed' })
  @IsIn(['employed', 'self-employed', 'unemployed', 'retired', 'student'])
  employment: string;
  @ApiPropertyOptional({ example: '12345678' })
  @IsOptional()
  @Matches(/^\w{4,20}$/)
  nationalId?: string;
}
