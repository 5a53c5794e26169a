import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';
import { traceFields } from './trace.js';

const SECRET_PATHS = [
  'password',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'email',
  'phone',
  'nationalId',
];

/** The service's structured logger: JSON lines on stdout with the trace of the work, secrets and personal data redacted. */
export const createLogger = (service: string, level: string): Logger =>
  pino({
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: traceFields,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: SECRET_PATHS.flatMap((path) => [path, `*.${path}`, `*.*.${path}`]),
      censor: '[redacted]',
    },
  });

/** Nest's own messages through the same logger; its chatty ones only at debug. */
export const nestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown) => {
    logger.debug({ nest: true }, String(message));
  },
  debug: (message: unknown) => {
    logger.debug({ nest: true }, String(message));
  },
  verbose: (message: unknown) => {
    logger.trace({ nest: true }, String(message));
  },
  warn: (message: unknown) => {
    logger.warn({ nest: true }, String(message));
  },
  error: (message: unknown, stack?: unknown) => {
    logger.error({ nest: true, stack: String(stack ?? '') }, String(message));
  },
  fatal: (message: unknown) => {
    logger.fatal({ nest: true }, String(message));
  },
});

/** Injection token of the pino logger. */
export const LOGGER = Symbol('Logger');
export type { Logger } from 'pino';
