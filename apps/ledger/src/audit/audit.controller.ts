import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional } from '@nestjs/swagger';
import { AnswersPage, Meta, page, type RequestMeta, Requires } from '@daftari/service-kit';
import { IsISO8601, IsOptional, IsString, MaxLength } from 'class-validator';
import { PageRequest } from '../journal/find-entries/requests.js';
import { AuditQuery } from './audit.query.js';
import { AUDIT_EVENT } from '../examples.js';

/** Which audit events. */
export class FindAuditRequest extends PageRequest {
  @ApiPropertyOptional({ example: 'daftari.platform.audit-recorded.v1' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  type?: string;

  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  actorId?: string;

  @ApiPropertyOptional({ example: '/v1/applications', description: 'A part of the action' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  action?: string;

  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  target?: string;

  @ApiPropertyOptional({ example: '0198c2f0-0000-7000-8000-000000000001' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  correlationId?: string;

  @ApiPropertyOptional({ example: '2026-01-01T00:00:00Z' })
  @IsOptional()
  @IsISO8601({ strict: true })
  from?: string;

  @ApiPropertyOptional({ example: '2026-02-01T00:00:00Z' })
  @IsOptional()
  @IsISO8601({ strict: true })
  to?: string;
}

/** Reads of the audit trail. */
@Controller('v1/audit/events')
export class AuditController {
  constructor(private readonly audit: AuditQuery) {}

  /** Newest first. */
  @Get()
  @Requires('audit:read')
  @AnswersPage(AUDIT_EVENT)
  @ApiOperation({ summary: 'Audit events, newest first' })
  async find(@Query() query: FindAuditRequest, @Meta() meta: RequestMeta): Promise<unknown> {
    const events = await this.audit.find(meta.tenantId, query);
    return page(events, events.length < query.limit ? null : (events.at(-1)?.revision ?? null));
  }
}
