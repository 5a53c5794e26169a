import { Body, Controller, Get, HttpCode, Post, Put, Query, Req } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { NotFound, Rejected } from '@daftari/kernel';
import {
  Answers,
  callerOf,
  Meta,
  newId,
  permissionsOf,
  Public,
  RawResponse,
  type RequestMeta,
  Requires,
} from '@daftari/service-kit';
import type { FastifyRequest } from 'fastify';
import { Tenancy } from '../tenant/tenancy.js';
import { Users } from '../users/users.js';
import {
  LoginRequest,
  ProfileRequest,
  RefreshRequest,
  RegisterRequest,
  VerifyEmailQuery,
} from './auth.requests.js';
import { LoginThrottle } from './login-throttle.js';
import { Passwords } from './passwords.js';
import { Sessions, type Tokens } from './sessions.js';
import { SigningKeys } from './signing-keys.js';
import { KEY, ME, SESSION, TOKENS } from '../examples.js';

const DEMO = 'demo';

@Controller('v1')
export class AuthController {
  constructor(
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly throttle: LoginThrottle,
    private readonly sessions: Sessions,
    private readonly keys: SigningKeys,
    private readonly tenancy: Tenancy,
  ) {}

  @Post('auth/register')
  @Public()
  @Answers({ userId: ME.userId })
  @ApiOperation({ summary: 'Register a customer; a verification link goes out by mail' })
  async register(
    @Body() body: RegisterRequest,
    @Req() request: FastifyRequest,
  ): Promise<{ userId: string }> {
    const tenant = await this.tenancy.bySlug(body.tenant ?? DEMO);
    const userId = newId();
    const { email, password, name, phone } = body;
    const user = { email, password, name, phone, roles: ['customer'], emailVerified: false };
    // Of an address that is taken the caller learns nothing: the id is new either way.
    await this.users.create(tenant.id, user, request.id, userId);
    return { userId };
  }

  @Post('auth/login')
  @HttpCode(200)
  @Public()
  @Answers(TOKENS)
  @ApiOperation({ summary: 'Log in: an access token and a rotating refresh token' })
  async login(@Body() body: LoginRequest, @Req() request: FastifyRequest): Promise<Tokens> {
    const caller = callerOf(request);
    const attempt = { ip: caller.ip, tenant: body.tenant ?? DEMO, email: body.email };
    await this.throttle.assertOpen(attempt);
    const user = await this.users.find(attempt.tenant, attempt.email);
    if (!(await this.passwords.matches(body.password, user?.passwordHash)) || !user) {
      await this.throttle.failed(attempt);
      throw new Rejected('auth/invalid-credentials', 'E-mail or password is wrong', 401);
    }
    return this.sessions.open(user, caller);
  }

  @Post('auth/refresh')
  @HttpCode(200)
  @Public()
  @Answers(TOKENS)
  @ApiOperation({ summary: 'New tokens for a refresh token; a used one ends its session' })
  async refresh(@Body() body: RefreshRequest): Promise<Tokens> {
    return this.sessions.refresh(body.refreshToken);
  }

  @Post('auth/logout')
  @HttpCode(200)
  @Requires('profile:manage')
  @Answers({ loggedOut: true })
  @ApiOperation({ summary: 'End this session' })
  async logout(@Meta() meta: RequestMeta): Promise<{ loggedOut: true }> {
    await this.sessions.revoke(meta.sessionId);
    return { loggedOut: true };
  }

  @Get('auth/verify-email')
  @Public()
  @Answers({ verified: true })
  @ApiOperation({ summary: 'Confirm an e-mail address by the token of the mailed link' })
  async verify(
    @Query() query: VerifyEmailQuery,
    @Req() request: FastifyRequest,
  ): Promise<{ verified: true }> {
    await this.users.verifyEmail(query.token, request.id);
    return { verified: true };
  }

  @Post('auth/verify-email/resend')
  @HttpCode(202)
  @Requires('profile:manage')
  @Answers({ sent: true })
  @ApiOperation({ summary: 'Mail another verification link' })
  async resend(@Meta() meta: RequestMeta): Promise<{ sent: true }> {
    await this.users.resendLink(meta.userId, meta.correlationId);
    return { sent: true };
  }

  @Get('auth/me')
  @Requires('profile:manage')
  @Answers(ME)
  @ApiOperation({ summary: 'Who am I and what may I do' })
  async me(@Meta() meta: RequestMeta): Promise<object> {
    const user = await this.users.byId(meta.userId);
    if (!user) throw new NotFound('user');
    const { id, email, name, phone, roles, emailVerified, profile } = user;
    return {
      userId: id,
      email,
      name,
      phone,
      roles,
      emailVerified,
      profile,
      permissions: [...permissionsOf(roles)],
    };
  }

  @Put('me/profile')
  @Requires('profile:manage')
  @Answers({ saved: true })
  @ApiOperation({ summary: 'Fill in or change the own profile' })
  async profile(@Body() body: ProfileRequest, @Meta() meta: RequestMeta): Promise<{ saved: true }> {
    const { name, phone, ...profile } = body;
    await this.users.changeProfile(meta.userId, name, phone, profile, meta.correlationId);
    return { saved: true };
  }

  @Get('auth/sessions')
  @Requires('profile:manage')
  @Answers([SESSION])
  @ApiOperation({ summary: 'The own sessions: device, address, last seen' })
  async list(@Meta() meta: RequestMeta): Promise<object[]> {
    return (await this.sessions.list(meta.userId)).map(
      ({ id, ip, userAgent, createdAt, lastSeenAt, revokedAt }) => ({
        id,
        ip,
        userAgent,
        createdAt,
        lastSeenAt,
        revokedAt,
        current: id === meta.sessionId,
      }),
    );
  }

  @Get('auth/jwks')
  @Public()
  @RawResponse()
  @Answers({ keys: [KEY] })
  @ApiOperation({ summary: 'The public keys of access tokens (RFC 7517)' })
  jwks(): Promise<{ keys: unknown[] }> {
    return this.keys.jwks();
  }
}
