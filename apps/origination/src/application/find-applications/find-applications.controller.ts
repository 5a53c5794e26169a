import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { EventStore } from '@daftari/event-store';
import {
  Answers,
  AnswersPage,
  Database,
  EVENT_STORE,
  Meta,
  type RequestMeta,
  Requires,
} from '@daftari/service-kit';
import { loadApplication } from '../../aggregates.js';
import { listPage, ListQuery } from '../../list-query.js';
import { viewerOf } from '../../viewer.js';
import { type ApplicationView, applicationView } from '../application-view.js';
import { APPLICATION_FOR_STAFF, APPLICATION_ROW } from '../../examples.js';

@ApiTags('applications')
@Controller('v1/applications')
export class FindApplicationsController {
  constructor(
    private readonly db: Database,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  @Get()
  @Requires('applications:read', 'applications:read-own')
  @AnswersPage(APPLICATION_ROW)
  @ApiOperation({ summary: 'Applications, newest first; customers see their own' })
  async list(@Query() query: ListQuery, @Meta() meta: RequestMeta): Promise<unknown> {
    const viewer = viewerOf(meta, 'applications:read');
    return listPage(this.db.pool, 'read_applications', viewer, query);
  }

  @Get(':id')
  @Requires('applications:read', 'applications:read-own')
  @Answers(APPLICATION_FOR_STAFF)
  @ApiOperation({ summary: 'One application' })
  async one(@Param('id') id: string, @Meta() meta: RequestMeta): Promise<ApplicationView> {
    const { state } = await loadApplication(this.store, id);
    return applicationView(state, viewerOf(meta, 'applications:read'));
  }
}
