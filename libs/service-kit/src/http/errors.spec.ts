import { Unavailable } from '@daftari/kernel';
import { describeError } from './errors.js';

const withCode = (code: string): Error => Object.assign(new Error('the driver says so'), { code });
const lost = [
  ['no connection', withCode('ECONNREFUSED')],
  ['a server that starts', withCode('57P03')],
  ['a statement that was cancelled', withCode('57014')],
  ['a deadlock', withCode('40P01')],
  ['a connection that broke', new Error('Connection terminated unexpectedly')],
  [
    'a connection that broke before',
    new Error('Client has encountered a connection error and is not queryable'),
  ],
  [
    'a transaction whose connection broke',
    new Error('Query runner already released. Cannot run queries anymore.'),
  ],
  ['a wrapped failure', new Error('query failed', { cause: withCode('ECONNRESET') })],
  ['a dependency', new Unavailable('origination does not answer', 500)],
] as const;

it.each(lost)('answers 503 and when to come back for %s', (_, error) => {
  expect(describeError(error)).toMatchObject({ status: 503, code: 'service/unavailable' });
  expect(describeError(error).retryAfterMs).toBeGreaterThan(0);
});

it('answers 500 for our own mistakes, without a word of what they were', () => {
  expect(describeError(new TypeError('x is not a function'))).toMatchObject({
    status: 500,
    code: 'server/error',
    message: 'Something went wrong on our side',
  });
});
