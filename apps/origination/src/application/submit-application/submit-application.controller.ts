import { Body, Controller, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Answers, Idempotent, Meta, type RequestMeta, Requires } from '@daftari/service-kit';
import { viewerOf } from '../../viewer.js';
import { type ApplicationView, applicationView } from '../application-view.js';
import { SubmitApplicationHandler } from './submit-application.handler.js';
import { SubmitApplicationRequest } from './submit-application.request.js';
import { APPLICATION } from '../../examples.js';

@ApiTags('applications')
@Controller('v1/applications')
export class SubmitApplicationController {
  constructor(private readonly handler: SubmitApplicationHandler) {}

  /** 201 with the application; 422 `application/invalid` lists every failed rule. */
  @Post()
  @Requires('applications:create')
  @Idempotent()
  @Answers(APPLICATION)
  @ApiOperation({ summary: 'Apply for a loan' })
  async submit(
    @Body() body: SubmitApplicationRequest,
    @Meta() meta: RequestMeta,
  ): Promise<ApplicationView> {
    const state = await this.handler.execute(body, meta);
    return applicationView(state, viewerOf(meta, 'applications:read'));
  }
}
