import { jest } from '@jest/globals';
import {
  disbursementRequested,
  TOPIC,
  transactionPosted,
  transactionRefused,
} from '@daftari/contracts';
import { deterministicId } from '@daftari/kernel';
import { eventually } from '@daftari/testing';
import type { Json } from '../testing/fake-daraja.js';
import { type Answer, PaymentsDriver } from '../testing/payments-driver.js';

const driver = new PaymentsDriver();
const { daraja, tenantId, customerId, loanId } = driver;
const other = deterministicId('loan', 'other');
beforeAll(async () => {
  await driver.start({
    TASK_ATTEMPTS_MAX: '3',
    PAYOUT_REVIEW_AFTER_MS: '500',
    POLL_FIRST_MS: '50',
    PAYMENT_EXPIRES_MS: '1200',
  });
  await driver.loan(other, 'LN10000009', 'active', '1');
});
afterAll(() => driver.stop());

const review = async (query = ''): Promise<Json[]> =>
  (await driver.call('operator', `/v1/payments/review?limit=100${query}`)).body
    .data as unknown as Json[];
const itemOf = (kind: string, subject: string): Promise<Json> =>
  eventually(async () =>
    (await review(`&kind=${kind}`)).find((item) => (item.subject as Json).id === subject),
  );
const operate = (path: string, body: Json, key?: string): Promise<Answer> =>
  driver.call('operator', `/v1/${path}`, body, key === undefined ? {} : { key });
const codeOf = ({ status, body }: Answer): unknown[] => [status, body.metadata.code];
const payBill = async (receipt: string, reference: string, amount = '50.00'): Promise<string> => {
  await driver.hook('c', { TransID: receipt, TransAmount: amount, BillRefNumber: reference });
  const id = deterministicId('c2b', tenantId, receipt);
  await eventually(async () =>
    (await driver.eventsOf(`payment-${id}`)).includes('PaymentSucceeded'),
  );
  return id;
};
const sent = async (topic: string, about: string): Promise<{ type: string; data: Json }[]> =>
  (await driver.sentTo(topic)).filter(
    ({ data }) => data.paymentId === about || data.disbursementId === about,
  );
const postings = async (about: string): Promise<unknown[]> =>
  (await sent(TOPIC.ledgerCommandsV1, about)).map(({ data }) => [
    data.kind,
    (data.amounts as Json).amount,
    data.loanId,
  ]);
const settlements = async (about: string): Promise<unknown[]> =>
  (await sent(TOPIC.paymentV1, about))
    .filter(({ type }) => type === 'payment-settled')
    .map(({ data }) => data.loanId);

describe('money that matches no loan', () => {
  it('is listed with why, what it is, and what can be done; other people see nothing', async () => {
    const id = await payBill('NOLOAN1', 'TYPO');
    expect(await itemOf('unallocated-payment', id)).toMatchObject({
      subject: { type: 'payment', id },
      reason: 'no loan has the account reference "TYPO"',
      amount: { amount: '50.00', currency: 'KES' },
      details: { receipt: 'NOLOAN1', accountReference: 'TYPO' },
      status: 'open',
      actions: ['allocate', 'mark-refund'],
      resolution: null,
    });
    for (const role of ['customer', 'staff', 'auditor', 'vendor'])
      expect(codeOf(await driver.call(role, '/v1/payments/review'))).toEqual([
        403,
        'auth/forbidden',
      ]);
  });

  it('is allocated by an operator, once; the books get it from suspense, and the events say who and why', async () => {
    const id = await payBill('NOLOAN2', 'TYPO', '70.00');
    const order = { accountReference: 'ln10000001', reason: 'one digit was mistyped' };
    const answer = await operate(`payments/${id}/allocate`, order, 'allocate-once');
    expect(answer).toMatchObject({ status: 200, body: { data: { id, status: 'succeeded' } } });
    expect(await operate(`payments/${id}/allocate`, order, 'allocate-once')).toEqual({
      ...answer,
      body: expect.objectContaining({ data: answer.body.data }) as unknown,
    });
    expect((await operate(`payments/${id}/allocate`, order)).status).toBe(200);
    expect(
      codeOf(await operate(`payments/${id}/allocate`, { loanId: other, reason: 'no, that one' })),
    ).toEqual([409, 'payment/allocated-already']);
    expect(codeOf(await operate(`payments/${id}/mark-refund`, { reason: 'go away' }))).toEqual([
      409,
      'payment/allocated-already',
    ]);
    await eventually(async () => (await settlements(id)).length === 2);
    expect(await settlements(id)).toEqual([null, loanId]);
    expect(await postings(id)).toEqual([['repayment-received', '70.00', null]]);
    expect((await driver.eventsOf(`payment-${id}`)).slice(1)).toEqual([
      'PaymentSucceeded',
      'PaymentAllocated',
    ]);
    const trail = await driver.call('operator', `/v1/payments/${id}/trail`);
    const events = trail.body.data.events as { type: string; data: Json; metadata: Json }[];
    expect(events.at(-1)).toMatchObject({
      type: 'PaymentAllocated',
      data: { reason: 'one digit was mistyped', loanId },
      metadata: { actorId: customerId },
    });
    const [resolved] = (await review('&status=resolved')).filter(
      (item) => (item.subject as Json).id === id,
    );
    expect(resolved).toMatchObject({
      actions: [],
      resolution: {
        resolution: 'PaymentAllocated',
        by: customerId,
        reason: 'one digit was mistyped',
      },
    });
    const shown = await eventually(async () => {
      const { body } = await driver.call('customer', `/v1/payments?loanId=${loanId}`);
      return (body.data as unknown as Json[]).find(({ paymentId }) => paymentId === id);
    });
    expect(shown).toMatchObject({ loanId, amount: { amount: '70.00' } });
    const audited = (await driver.sentTo(TOPIC.auditV1)).filter(
      ({ data }) => data.target === id && String(data.action).endsWith('/allocate'),
    );
    expect(audited.length).toBeGreaterThan(1);
    expect(audited[0]?.data).toMatchObject({ actorId: customerId, result: '200' });
  });

  it('is marked for refund, then no loan gets it, and its refund is posted back', async () => {
    const id = await payBill('NOLOAN3', 'TYPO', '80.00');
    await operate(`payments/${id}/mark-refund`, { reason: 'the payer asked for it' });
    expect(await itemOf('refund-due', id)).toMatchObject({
      reason: 'the payer asked for it',
      amount: { amount: '80.00' },
      actions: ['reverse'],
    });
    expect(
      codeOf(await operate(`payments/${id}/allocate`, { loanId, reason: 'after all' })),
    ).toEqual([409, 'payment/refund-due']);
    const word = { providerReference: 'REFUND1', reason: 'sent back at the portal' };
    for (let i = 0; i < 2; i++)
      expect((await operate(`payments/${id}/reverse`, word)).body.data).toMatchObject({
        status: 'reversed',
      });
    await eventually(async () => (await postings(id)).length === 2);
    expect(await postings(id)).toEqual([
      ['repayment-received', '80.00', null],
      ['repayment-reversed', '80.00', null],
    ]);
    const types = (await sent(TOPIC.paymentV1, id)).map(({ type }) => type);
    expect(types).not.toContain('payment-reversed');
    expect((await review()).filter((item) => (item.subject as Json).id === id)).toEqual([]);
  });

  it('refuses nonsense: no reason, no such loan, no such payment, another role', async () => {
    const id = await payBill('NOLOAN4', 'TYPO');
    const reason = 'because of that';
    expect((await operate(`payments/${id}/allocate`, { loanId, reason: '' })).status).toBe(422);
    expect((await operate(`payments/${id}/allocate`, { reason })).status).toBe(404);
    const nobody = deterministicId('x', 'nobody');
    expect((await operate(`payments/${id}/allocate`, { loanId: nobody, reason })).status).toBe(404);
    expect((await operate(`payments/${nobody}/allocate`, { loanId, reason })).status).toBe(404);
    const staff = await driver.call('staff', `/v1/payments/${id}/allocate`, { loanId, reason });
    expect(staff.status).toBe(403);
    const item = await itemOf('unallocated-payment', id);
    const path = `payments/review/${String(item.id)}`;
    for (const command of ['retry', 'dismiss'])
      expect(codeOf(await operate(`${path}/${command}`, { reason }))).toEqual([
        409,
        'review/not-possible',
      ]);
  });

  it('is listed page by page, the oldest first', async () => {
    const all = await review();
    const first = await driver.call('operator', '/v1/payments/review?limit=1');
    const cursor = String(first.body.metadata.nextCursor);
    const next = await driver.call('operator', `/v1/payments/review?limit=1&cursor=${cursor}`);
    expect([first, next].flatMap(({ body }) => body.data as unknown as Json[])).toEqual(
      all.slice(0, 2),
    );
  });
});

describe('money for a loan that is not active yet', () => {
  it('waits in suspense, in sight, and goes to the loan by itself when it is active; nothing is a dead letter', async () => {
    const early = deterministicId('loan', 'early');
    await driver.loan(early, 'LN10000005', 'approved', '1');
    const id = await payBill('EARLY1', 'LN10000005', '90.00');
    await eventually(async () => (await settlements(id)).length === 1);
    expect(await itemOf('unallocated-payment', id)).toMatchObject({
      reason: 'the loan LN10000005 is not active yet',
      details: { waitsForLoanId: early },
    });
    expect(
      codeOf(await operate(`payments/${id}/allocate`, { loanId: early, reason: 'by hand' })),
    ).toEqual([409, 'payment/loan-not-active']);
    await driver.loan(early, 'LN10000005', 'disbursed', '2');
    expect(await settlements(id)).toEqual([null]);
    await driver.loan(early, 'LN10000005', 'active', '3');
    await eventually(async () => (await settlements(id)).length === 2);
    expect(await settlements(id)).toEqual([null, early]);
    await driver.loan(early, 'LN10000005', 'active', '4');
    expect(await driver.eventsOf(`payment-${id}`)).toEqual([
      'PaymentInitiated',
      'PaymentSucceeded',
      'PaymentAllocated',
    ]);
    expect((await review()).filter((item) => (item.subject as Json).id === id)).toEqual([]);
    expect(await postings(id)).toEqual([['repayment-received', '90.00', null]]);
  });

  it('can be refunded when the loan never comes', async () => {
    const never = deterministicId('loan', 'never');
    await driver.loan(never, 'LN10000006', 'approved', '1');
    const id = await payBill('EARLY2', 'LN10000006');
    await eventually(async () => (await settlements(id)).length === 1);
    await operate(`payments/${id}/mark-refund`, { reason: 'the loan was cancelled' });
    await driver.loan(never, 'LN10000006', 'active', '2');
    await itemOf('refund-due', id);
    expect(await settlements(id)).toEqual([null]);
  });
});

describe('a reversed payment', () => {
  it('is posted back and told to its loan, once, with what it reverses', async () => {
    const id = await payBill('REVERSED1', 'LN10000001', '60.00');
    const word = { providerReference: 'RV12345', reason: 'sent by mistake' };
    const warned = jest.spyOn(driver.payments.resources.logger, 'warn');
    expect(codeOf(await operate(`payments/${id}/reverse`, { reason: 'no reference' }))).toEqual([
      422,
      'request/invalid',
    ]);
    await operate(`payments/${id}/reverse`, word);
    await operate(`payments/${id}/reverse`, word);
    await eventually(async () => (await postings(id)).length === 2);
    expect(await postings(id)).toEqual([
      ['repayment-received', '60.00', loanId],
      ['repayment-reversed', '60.00', loanId],
    ]);
    const [reversed, ...more] = (await sent(TOPIC.paymentV1, id)).filter(
      ({ type }) => type === 'payment-reversed',
    );
    expect(more).toEqual([]);
    expect(reversed?.data).toMatchObject({ loanId, receipt: 'REVERSED1', ...word });
    expect(
      codeOf(await operate(`payments/${id}/allocate`, { loanId: other, reason: 'elsewhere' })),
    ).toEqual([409, 'payment/illegal-transition']);
    expect(warned.mock.calls.map(([fields]) => fields)).toContainEqual({
      stream: `payment-${id}`,
      command: 'Allocate',
      status: 'reversed',
      rejection: 'payment/illegal-transition',
    });
    warned.mockRestore();
  });
});

const prompt = (checkout: string) => ({
  status: 200,
  body: { ResponseCode: '0', CheckoutRequestID: checkout, MerchantRequestID: 'm' },
});
const push = async (): Promise<string> => {
  const { status, body } = await driver.call('customer', '/v1/payments', {
    ...{ loanId, phone: '254700000000', amount: { amount: '100.00', currency: 'KES' } },
  });
  expect(status).toBe(202);
  return String(body.data.paymentId);
};
const reported = (id: string, checkout: string, receipt: string): Promise<unknown> =>
  driver.hook(`s/${id}`, {
    Body: {
      stkCallback: {
        ...{ CheckoutRequestID: checkout, ResultCode: 0, ResultDesc: 'ok' },
        CallbackMetadata: {
          Item: [
            { Name: 'Amount', Value: 99 },
            { Name: 'MpesaReceiptNumber', Value: receipt },
          ],
        },
      },
    },
  });
const prompted = (id: string): Promise<boolean> =>
  eventually(async () => (await driver.eventsOf(`payment-${id}`)).includes('CustomerPrompted'));
const statusOf = async (id: string): Promise<unknown> =>
  (await driver.call('operator', `/v1/payments/${id}`)).body.data.status;

describe('a prompt', () => {
  it('that a callback calls paid and the provider does not confirm is shown, and an operator settles it by its receipt', async () => {
    daraja.answer = async (path) =>
      path.includes('stkpushquery')
        ? { status: 500, body: { errorCode: '500.001.1001', errorMessage: 'being processed' } }
        : prompt('ws_undecided');
    const id = await push();
    await prompted(id);
    await reported(id, 'ws_undecided', 'RUNDECIDED');
    expect(await itemOf('undecided-payment', id)).toMatchObject({
      actions: ['confirm-received', 'dismiss'],
      details: { receipt: 'RUNDECIDED' },
    });
    expect(await statusOf(id)).toBe('pending');
    const item = await itemOf('undecided-payment', id);
    await operate(`payments/review/${String(item.id)}/dismiss`, { reason: 'known to the bank' });
    const looks = daraja.to('stkpushquery').length;
    await eventually(() => daraja.to('stkpushquery').length > looks + 1);
    expect((await review()).filter(({ subject }) => (subject as Json).id === id)).toEqual([]);
    const used = { providerReference: 'NOLOAN2', reason: 'seen in the statement' };
    expect(codeOf(await operate(`payments/${id}/confirm-received`, used))).toEqual([
      409,
      'payment/receipt-used',
    ]);
    const word = { ...used, providerReference: 'RUNDECIDED' };
    for (let i = 0; i < 2; i++)
      expect((await operate(`payments/${id}/confirm-received`, word)).body.data).toMatchObject({
        status: 'succeeded',
      });
    await eventually(async () => (await postings(id)).length === 1);
    // What was really paid, by the callback, not what was asked for.
    expect(await postings(id)).toEqual([['repayment-received', '99.00', loanId]]);
    expect((await review()).filter((item) => (item.subject as Json).id === id)).toEqual([]);
  });

  it('with the receipt of another payment settles nothing and is shown', async () => {
    daraja.answer = async (path) =>
      path.includes('stkpushquery')
        ? { status: 200, body: { ResponseCode: '0', ResultCode: '0', ResultDesc: 'ok' } }
        : prompt('ws_reused');
    const id = await push();
    await prompted(id);
    await reported(id, 'ws_reused', 'RUNDECIDED');
    expect(await itemOf('receipt-reused', id)).toMatchObject({
      reason: 'receipt RUNDECIDED settled another payment',
      actions: ['dismiss'],
    });
    expect(await statusOf(id)).toBe('failed');
    expect(await postings(id)).toEqual([]);
  });

  it('that cannot be sent in time fails, and is not sent long after the customer asked', async () => {
    daraja.answer = async () => ({
      status: 500,
      body: { errorCode: '500.003.02', errorMessage: 'Spike Arrest' },
    });
    const id = await push();
    await eventually(async () => (await statusOf(id)) === 'failed');
    expect((await driver.eventsOf(`payment-${id}`)).at(-1)).toBe('PaymentFailed');
    expect(await postings(id)).toEqual([]);
  });
});

let asked = 0;
const payout = async (): Promise<{ id: string; loan: string; status: () => Promise<Json> }> => {
  const number = String(++asked);
  const loan = deterministicId('loan', 'payout', number);
  const accountReference = `LN2000000${number}`;
  await driver.publish(
    disbursementRequested,
    { ...disbursementRequested.example, loanId: loan, customerId, accountReference },
    `ask-${number}`,
    '7',
  );
  const status = async (): Promise<Json> =>
    (await driver.call('operator', `/v1/disbursements/${loan}`)).body.data ?? {};
  const found = await eventually(async () => {
    const seen = await status();
    return seen.status === 'reserving' ? seen : undefined;
  });
  return { id: String(found.disbursementId), loan, status };
};
const posted = (kind: string, id: string, loan: string, again: string[] = []): Promise<void> =>
  driver.publish(transactionPosted, {
    ...transactionPosted.example,
    ...{ kind, transactionId: deterministicId(kind, id, ...again), loanId: loan, paymentId: id },
  });
const accepted = { status: 200, body: { ResponseCode: '0', ConversationID: 'AG_1' } };

describe('a payout that nobody decides', () => {
  it('is shown after its time, and an operator says that it was executed', async () => {
    daraja.answer = async () => accepted;
    const { id, loan, status } = await payout();
    await posted('disbursement-reserved', id, loan);
    expect(await itemOf('undecided-payout', id)).toMatchObject({
      reason: 'the provider gave no result in time',
      amount: { amount: '25000.00' },
      actions: ['confirm-executed', 'confirm-failed'],
    });
    const word = { providerReference: 'SEEN1', reason: 'seen in the statement' };
    for (let i = 0; i < 2; i++)
      expect((await operate(`disbursements/${id}/confirm-executed`, word)).status).toBe(200);
    expect(
      codeOf(await operate(`disbursements/${id}/confirm-failed`, { ...word, reason: 'or not' })),
    ).toEqual([409, 'disbursement/already-executed']);
    await posted('disbursement-paid', id, loan);
    await eventually(async () => (await status()).status === 'completed');
    expect(await status()).toMatchObject({ receipt: 'SEEN1' });
    expect((await postings(id)).map((one) => (one as unknown[])[0])).toEqual([
      'disbursement-reserved',
      'disbursement-paid',
    ]);
    expect((await review()).filter((item) => (item.subject as Json).id === id)).toEqual([]);
  });

  it('or that it failed; then its reservation is released', async () => {
    daraja.answer = async () => accepted;
    const { id, loan, status } = await payout();
    await posted('disbursement-reserved', id, loan);
    await itemOf('undecided-payout', id);
    const word = { providerReference: 'NOTHERE', reason: 'the portal knows no such order' };
    for (let i = 0; i < 2; i++)
      expect((await operate(`disbursements/${id}/confirm-failed`, word)).status).toBe(200);
    await posted('disbursement-released', id, loan);
    await eventually(async () => (await status()).status === 'failed');
    expect(await status()).toMatchObject({ reason: 'the portal knows no such order (NOTHERE)' });
  });
});

const declined = async (): Promise<Awaited<ReturnType<typeof payout>>> => {
  daraja.answer = async (path, body) => {
    if (!path.includes('b2c')) return accepted;
    const Result = {
      ...{
        ResultType: 0,
        ResultCode: 1,
        ResultDesc: 'no balance',
        ConversationID: `AG_${String(asked)}`,
      },
      ...{ OriginatorConversationID: body.OriginatorConversationID, TransactionID: 'NONE' },
    };
    await driver.hook('r', { Result });
    return accepted;
  };
  const made = await payout();
  await posted('disbursement-reserved', made.id, made.loan);
  await eventually(async () => (await made.status()).status === 'releasing');
  await posted('disbursement-released', made.id, made.loan);
  await eventually(async () => (await made.status()).status === 'failed');
  const Result = {
    ...{ ResultType: 0, ResultCode: 0, ResultDesc: 'ok', ConversationID: `AG_${String(asked)}` },
    ...{ OriginatorConversationID: made.id, TransactionID: `LATE${made.id.slice(0, 4)}` },
  };
  await driver.hook('r', { Result });
  return made;
};

describe("evidence against a payout's end", () => {
  it('is shown; an operator confirms it, the money is reserved and posted again, and the loan hears of it', async () => {
    const { id, loan, status } = await declined();
    const item = await itemOf('contradictory-payout', id);
    expect(item).toMatchObject({ actions: ['confirm-executed', 'dismiss'] });
    const word = { providerReference: 'LATE1', reason: 'the receiver has it' };
    await operate(`disbursements/${id}/confirm-executed`, word);
    await eventually(async () => (await status()).status === 'recovering');
    // The first reservation's answer, delivered again, is not the answer to the second one.
    await posted('disbursement-reserved', id, loan);
    await posted('disbursement-reserved', id, loan, ['recovery']);
    await eventually(async () => (await status()).status === 'settled');
    await posted('disbursement-paid', id, loan);
    await eventually(async () => (await status()).status === 'completed');
    expect((await postings(id)).map((one) => (one as unknown[])[0])).toEqual([
      'disbursement-reserved',
      'disbursement-released',
      'disbursement-reserved',
      'disbursement-paid',
    ]);
    const completed = (await sent(TOPIC.disbursementV1, id)).map(({ type }) => type);
    expect(completed).toEqual(['disbursement-failed', 'disbursement-completed']);
    expect(await driver.eventsOf(`disbursement-${id}`)).toContain('RecoveryReserved');
  });

  it('or puts it aside with a reason; a missing float brings it back', async () => {
    const { id, loan, status } = await declined();
    const item = await itemOf('contradictory-payout', id);
    const word = { providerReference: 'LATE2', reason: 'the receiver has it' };
    await operate(`disbursements/${id}/confirm-executed`, word);
    await eventually(async () => (await status()).status === 'recovering');
    await driver.publish(transactionRefused, {
      ...transactionRefused.example,
      kind: 'disbursement-reserved',
      transactionId: deterministicId('disbursement-reserved', id, 'recovery'),
      ...{ loanId: loan, paymentId: id, reason: 'no float' },
    });
    await eventually(async () => (await status()).status === 'failed');
    expect(await itemOf('contradictory-payout', id)).toMatchObject({ reason: 'no float' });
    const path = `payments/review/${String(item.id)}/dismiss`;
    for (let i = 0; i < 2; i++)
      expect((await operate(path, { reason: 'recovered from the agent' })).body.data).toMatchObject(
        {
          status: 'resolved',
          resolution: { reason: 'recovered from the agent' },
        },
      );
    expect(await status()).toMatchObject({ status: 'failed', review: null });
  });

  it('is not confirmed when the loan was paid out again meanwhile', async () => {
    const { id, loan } = await declined();
    await itemOf('contradictory-payout', id);
    await driver.publish(
      disbursementRequested,
      {
        ...disbursementRequested.example,
        loanId: loan,
        customerId,
        accountReference: 'LN20000099',
      },
      'ask-again',
      '17',
    );
    await eventually(
      async () =>
        (
          await driver.rows(
            'select 1 from payable_loan where loan_id = $1 and disbursement_id <> $2',
            [loan, id],
          )
        ).length === 1,
    );
    const word = { providerReference: 'LATE3', reason: 'the receiver has it' };
    expect(codeOf(await operate(`disbursements/${id}/confirm-executed`, word))).toEqual([
      409,
      'disbursement/superseded',
    ]);
  });
});

describe('work that does not succeed', () => {
  it('is put aside after so many tries, shown, and tried again when an operator says so', async () => {
    daraja.answer = async () => ({
      status: 500,
      body: { errorCode: '500.003.02', errorMessage: 'Spike Arrest' },
    });
    const { id, loan, status } = await payout();
    await posted('disbursement-reserved', id, loan);
    const item = await itemOf('stopped-work', id);
    expect(item).toMatchObject({
      subject: { type: 'disbursement', id },
      details: { work: 'submit-payout', attempts: 3 },
      actions: ['retry', 'dismiss'],
    });
    expect(daraja.to('b2c').filter((one) => one.OriginatorConversationID === id)).toHaveLength(3);
    expect(await status()).toMatchObject({ status: 'reserved' });
    daraja.answer = async () => accepted;
    const path = `payments/review/${String(item.id)}/retry`;
    expect((await operate(path, { reason: 'the provider is back' })).status).toBe(200);
    await eventually(async () => (await status()).status === 'accepted');
    expect(daraja.to('b2c').filter((one) => one.OriginatorConversationID === id)).toHaveLength(4);
  });
});

describe('the ledger refuses what happened at the provider', () => {
  it('and people are shown it', async () => {
    const id = await payBill('REFUSED1', 'LN10000001');
    await driver.publish(transactionRefused, {
      ...transactionRefused.example,
      kind: 'repayment-received',
      transactionId: deterministicId('repayment-received', id),
      ...{ loanId, paymentId: id, reason: 'unknown currency' },
    });
    expect(await itemOf('posting-refused', id)).toMatchObject({
      reason: 'the ledger refused repayment-received: unknown currency',
      actions: ['dismiss'],
    });
  });
});
