import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { ContractViolation, type FieldError } from '@daftari/kernel';

const flatten = (errors: readonly ValidationError[], path = ''): FieldError[] =>
  errors.flatMap((error) => {
    const field = path === '' ? error.property : `${path}.${error.property}`;
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
      field,
      code: rule === 'whitelistValidation' ? 'field/unknown' : `field/${rule}`,
      message,
    }));
    return [...own, ...flatten(error.children ?? [], field)];
  });

/** Validates every body, query and path parameter against its DTO; unknown fields are refused. */
export const validationPipe = (): ValidationPipe =>
  new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    transformOptions: { enableImplicitConversion: false, exposeDefaultValues: true },
    exceptionFactory: (errors) => new ContractViolation('Validation failed', flatten(errors)),
  });
