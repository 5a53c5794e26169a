import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Rejected } from '@daftari/kernel';
import {
  Answers,
  Meta,
  newId,
  type RequestMeta,
  Requires,
  type Role,
  ROLES,
} from '@daftari/service-kit';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsEmail,
  IsIn,
  IsNotEmpty,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
} from 'class-validator';
import { ME } from '../examples.js';
import { Users } from './users.js';

/** A user to make. */
export class CreateUserRequest {
  @ApiProperty({ example: 'brian@example.test' }) @IsEmail() @MaxLength(200) email: string;

  @ApiProperty({ example: 'correct horse battery staple', minLength: 12 })
  @IsString()
  @Length(12, 128)
  password: string;

  @ApiProperty({ example: 'Brian Mwangi' })
  @IsString()
  @IsNotEmpty()
  @MaxLength(120)
  name: string;

  @ApiPropertyOptional({ example: '254700000098' })
  @IsOptional()
  @Matches(/^254\d{9}$/)
  phone?: string;

  @ApiProperty({ enum: ROLES, isArray: true, example: ['staff'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(ROLES.length)
  @IsIn(ROLES, { each: true })
  roles: Role[];
}

/** The users of a tenant, for its admins. */
@Controller('v1/users')
export class UsersController {
  constructor(private readonly users: Users) {}

  /** 201 with the id, and a verification link goes out; 409 `user/already-exists` for an address that is taken. */
  @Post()
  @Requires('users:manage')
  @Answers({ userId: ME.userId })
  @ApiOperation({ summary: 'Make a user of the own tenant; a verification link goes out by mail' })
  async create(
    @Body() { email, password, name, phone, roles }: CreateUserRequest,
    @Meta() meta: RequestMeta,
  ): Promise<{ userId: string }> {
    const userId = newId();
    const user = { email, password, name, phone: phone ?? null, roles, emailVerified: false };
    if (!(await this.users.create(meta.tenantId, user, meta.correlationId, userId)))
      throw new Rejected('user/already-exists', 'This e-mail address is taken', 409);
    return { userId };
  }
}
