import { readFile } from 'node:fs/promises';
import type { FactoryProvider } from '@nestjs/common';
import { CLOCK, type Clock } from '@daftari/kernel';
import { DarajaClient, ProviderHttp } from '@daftari/integrations';
import { CONFIG, Database, observeProviderCall, watchBreaker } from '@daftari/service-kit';
import { setTimeout as delay } from 'node:timers/promises';
import type { PaymentsConfig } from '../config.js';
import { forLog } from './redact.js';

/** Injection token of the Daraja client. */
export const DARAJA = Symbol('Daraja');

const PATIENCE = 40;
/** PEM text, a file, or an address. */
const certificateOf = async (source: string): Promise<string> => {
  if (source.includes('-----BEGIN')) return source;
  if (!/^https?:/.test(source)) return readFile(source, 'utf8');
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(source, { signal: AbortSignal.timeout(5_000) });
      if (!response.ok) throw new Error(`${source} answered ${String(response.status)}`);
      return await response.text();
    } catch (error) {
      if (attempt >= PATIENCE) throw error;
      await delay(500);
    }
  }
};

/** The client, with its calls kept in provider_call. */
export const darajaProvider: FactoryProvider<DarajaClient> = {
  provide: DARAJA,
  inject: [CONFIG, Database, CLOCK],
  useFactory: async (config: PaymentsConfig, db: Database, clock: Clock) => {
    const http = new ProviderHttp({
      timeoutMs: config.PROVIDER_TIMEOUT_MS,
      onBreaker: watchBreaker,
      onCall: async (call) => {
        observeProviderCall(call);
        await db.pool
          .query(
            'insert into provider_call(provider, operation, our_ref, status, duration_ms, request_body, response_body, error) values ($1,$2,$3,$4,$5,$6,$7,$8)',
            [
              call.provider,
              call.operation,
              call.ourRef ?? null,
              call.status ?? null,
              call.durationMs,
              forLog(call.requestBody, config.DARAJA_HOOK_TOKEN),
              call.operation === 'token'
                ? null
                : forLog(call.responseBody, config.DARAJA_HOOK_TOKEN),
              call.error ?? null,
            ],
          )
          .catch(() => undefined);
      },
    });
    return new DarajaClient(
      {
        baseUrl: config.DARAJA_BASE_URL,
        consumerKey: config.DARAJA_CONSUMER_KEY,
        consumerSecret: config.DARAJA_CONSUMER_SECRET,
        shortcode: config.DARAJA_SHORTCODE,
        passkey: config.DARAJA_PASSKEY,
        b2cShortcode: config.DARAJA_B2C_SHORTCODE,
        initiatorName: config.DARAJA_INITIATOR_NAME,
        initiatorPassword: config.DARAJA_INITIATOR_PASSWORD,
        certificatePem: await certificateOf(config.DARAJA_CERTIFICATE),
        callbackBaseUrl: config.DARAJA_CALLBACK_BASE_URL,
        timeoutMs: config.PROVIDER_TIMEOUT_MS,
      },
      http,
      clock,
    );
  },
};
