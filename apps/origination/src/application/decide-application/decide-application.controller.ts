import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { deterministicId } from '@daftari/kernel';
import { Answers, Meta, type RequestMeta, Requires } from '@daftari/service-kit';
import { viewerOf } from '../../viewer.js';
import { type ApplicationView, applicationView } from '../application-view.js';
import { DecideApplicationHandler } from './decide-application.handler.js';
import { RejectApplicationRequest } from './decide-application.request.js';
import { APPLICATION_FOR_STAFF } from '../../examples.js';

@ApiTags('applications')
@Controller('v1/applications')
export class DecideApplicationController {
  constructor(private readonly handler: DecideApplicationHandler) {}

  /** Creates the loan. 403 `application/same-person` for the reviewer, 409 unless it is under review. */
  @Post(':id/approve')
  @HttpCode(200)
  @Requires('applications:decide')
  @Answers(APPLICATION_FOR_STAFF)
  @ApiOperation({ summary: 'Approve an application and create its loan' })
  async approve(@Param('id') id: string, @Meta() meta: RequestMeta): Promise<ApplicationView> {
    const state = await this.handler.execute(id, meta, (by) => ({
      type: 'ApproveApplication',
      data: { ...by, loanId: deterministicId('loan', id) },
    }));
    return applicationView(state, viewerOf(meta, 'applications:read'));
  }

  /** 409 `application/illegal-transition` once it is decided. */
  @Post(':id/reject')
  @HttpCode(200)
  @Requires('applications:decide')
  @Answers(APPLICATION_FOR_STAFF)
  @ApiOperation({ summary: 'Reject an application, with reason and next steps' })
  async reject(
    @Param('id') id: string,
    @Body() { reason, nextSteps }: RejectApplicationRequest,
    @Meta() meta: RequestMeta,
  ): Promise<ApplicationView> {
    const state = await this.handler.execute(id, meta, (by) => ({
      type: 'RejectApplication',
      data: { ...by, reason, nextSteps },
    }));
    return applicationView(state, viewerOf(meta, 'applications:read'));
  }
}
