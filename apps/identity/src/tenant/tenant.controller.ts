import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiProperty } from '@nestjs/swagger';
import { Forbidden, localDate } from '@daftari/kernel';
import { Answers, CONFIG, Meta, type RequestMeta, Requires } from '@daftari/service-kit';
import { Matches } from 'class-validator';
import type { IdentityConfig } from '../config.js';
import { Tenancy } from './tenancy.js';
import { DATES, TENANT } from '../examples.js';

export class AdvanceRequest {
  @ApiProperty({ example: '2026-02-28' }) @Matches(/^\d{4}-\d{2}-\d{2}$/) to: string;
}

@Controller('v1')
export class TenantController {
  constructor(
    private readonly tenancy: Tenancy,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  @Get('tenant')
  @Requires('profile:manage')
  @Answers(TENANT)
  @ApiOperation({ summary: 'The own tenant' })
  async tenant(@Meta() meta: RequestMeta): Promise<object> {
    const { id, slug, name, timeZone, currency } = await this.tenancy.byId(meta.tenantId);
    return { id, slug, name, timeZone, currency };
  }

  @Get('business-date')
  @Requires('profile:manage')
  @Answers(DATES)
  @ApiOperation({ summary: 'The business date' })
  async date(@Meta() meta: RequestMeta): Promise<object> {
    return this.tenancy.dates(meta.tenantId);
  }

  @Post('business-date/advance')
  @HttpCode(200)
  @Requires('calendar:advance')
  @Answers(DATES)
  @ApiOperation({ summary: 'Move the business date forward (test mode only)' })
  async advance(@Body() body: AdvanceRequest, @Meta() meta: RequestMeta): Promise<object> {
    if (!this.config.TEST_MODE)
      throw new Forbidden('The business date moves by itself', 'business-date/not-in-test-mode');
    await this.tenancy.advance(meta.tenantId, localDate(body.to, 'to'), meta.correlationId);
    return this.tenancy.dates(meta.tenantId);
  }
}
