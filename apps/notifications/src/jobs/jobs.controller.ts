import { Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional } from '@nestjs/swagger';
import {
  Answers,
  AnswersPage,
  type BatchView,
  Idempotent,
  JOB_STATES,
  type JobDetails,
  JobMonitor,
  type JobState,
  type JobView,
  Meta,
  page,
  type Page,
  QUEUES,
  type QueueName,
  type QueueStatistics,
  type RequestMeta,
  Requires,
} from '@daftari/service-kit';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { BATCH, JOB, JOB_DETAILS, QUEUE_STATISTICS } from '../examples.js';

/** Which jobs. */
export class ListJobsRequest {
  @ApiPropertyOptional({ enum: QUEUES, example: 'high' })
  @IsOptional()
  @IsIn(QUEUES)
  queue?: QueueName;

  @ApiPropertyOptional({ enum: JOB_STATES, example: 'dead' })
  @IsOptional()
  @IsIn(JOB_STATES)
  state?: JobState;

  @ApiPropertyOptional({ description: 'nextCursor of the page before' })
  @IsOptional()
  @Matches(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z_[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
  cursor?: string;

  @ApiPropertyOptional({ example: 25 })
  @IsOptional()
  @Transform(({ value }) => Number(value))
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;
}

/** The jobs of notifications: what is being sent, what failed and why. An operator sees those of the own tenant. */
@Controller('v1/jobs')
@Requires('jobs:manage')
export class JobsController {
  constructor(private readonly monitor: JobMonitor) {}

  @Get()
  @AnswersPage(JOB)
  @ApiOperation({ summary: 'Jobs, the newest first' })
  async list(
    @Query() query: ListJobsRequest,
    @Meta() { tenantId }: RequestMeta,
  ): Promise<Page<JobView>> {
    const { queue = null, state = null, cursor = null, limit = 25 } = query;
    const found = await this.monitor.list(tenantId, { queue, state, cursor, limit });
    return page(found.items, found.nextCursor);
  }

  @Get('statistics')
  @Answers([QUEUE_STATISTICS])
  @ApiOperation({
    summary: 'Each queue: its jobs by state, runs, failures and times of the last day',
  })
  async statistics(@Meta() { tenantId }: RequestMeta): Promise<QueueStatistics[]> {
    return this.monitor.statistics(tenantId);
  }

  @Get(':id')
  @Answers(JOB_DETAILS)
  @ApiOperation({ summary: 'One job with every run' })
  async show(
    @Param('id', ParseUUIDPipe) id: string,
    @Meta() { tenantId }: RequestMeta,
  ): Promise<JobDetails> {
    return this.monitor.show(tenantId, id);
  }

  /** 409 `job/not-dead` for a job that waits, runs or is done. */
  @Post(':id/retry')
  @HttpCode(200)
  @Idempotent()
  @Answers({ ...JOB_DETAILS, state: 'queued' })
  @ApiOperation({ summary: 'Try a job again that was given up' })
  async retry(
    @Param('id', ParseUUIDPipe) id: string,
    @Meta() { tenantId }: RequestMeta,
  ): Promise<JobDetails> {
    return this.monitor.retry(tenantId, id);
  }
}

@Controller('v1/job-batches')
export class JobBatchesController {
  constructor(private readonly monitor: JobMonitor) {}

  @Get(':id')
  @Requires('announcements:send', 'jobs:manage')
  @Answers(BATCH)
  @ApiOperation({ summary: 'How far a batch of jobs is, such as an announcement' })
  async show(
    @Param('id', ParseUUIDPipe) id: string,
    @Meta() { tenantId }: RequestMeta,
  ): Promise<BatchView> {
    return this.monitor.batch(tenantId, id);
  }
}
