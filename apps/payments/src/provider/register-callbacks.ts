import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { DarajaClient } from '@daftari/integrations';
import { LOGGER, type Logger } from '@daftari/service-kit';
import { DARAJA } from './daraja.provider.js';

/** Tells Daraja where paybill payments are announced; tries until it is told, without holding up the start. */
@Injectable()
export class RegisterCallbacks implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @Inject(DARAJA) private readonly daraja: DarajaClient,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    void this.register(1_000);
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async register(waitMs: number): Promise<void> {
    const outcome = await this.daraja.registerC2b();
    if (outcome.kind === 'accepted' || this.stopped) return;
    this.logger.warn({ outcome }, 'paybill callbacks are not registered yet');
    this.timer = setTimeout(() => void this.register(Math.min(waitMs * 2, 300_000)), waitMs);
  }
}
