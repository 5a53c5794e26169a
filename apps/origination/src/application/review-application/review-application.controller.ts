import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Answers, Meta, type RequestMeta, Requires } from '@daftari/service-kit';
import { viewerOf } from '../../viewer.js';
import { type ApplicationView, applicationView } from '../application-view.js';
import { DecideApplicationHandler } from '../decide-application/decide-application.handler.js';
import { APPLICATION_FOR_STAFF } from '../../examples.js';

@ApiTags('applications')
@Controller('v1/applications')
export class ReviewApplicationController {
  constructor(private readonly handler: DecideApplicationHandler) {}

  /** 409 `application/illegal-transition` unless it is pending. */
  @Post(':id/review')
  @HttpCode(200)
  @Requires('applications:review')
  @Answers(APPLICATION_FOR_STAFF)
  @ApiOperation({ summary: 'Take an application under review' })
  async review(@Param('id') id: string, @Meta() meta: RequestMeta): Promise<ApplicationView> {
    const state = await this.handler.execute(id, meta, (data) => ({
      type: 'ReviewApplication',
      data,
    }));
    return applicationView(state, viewerOf(meta, 'applications:read'));
  }
}
