import { ApiUser, eventually, LoanWalk } from '@daftari/testing';
import { RunningPlatform } from './running-platform.js';

const half = (amount = ''): string => `${String(Math.ceil(Number(amount) / 2))}.00`;
const SLOW = { withinMs: 60_000, everyMs: 200 };
let platform: RunningPlatform;
let walk: LoanWalk;

beforeAll(async () => {
  platform = await RunningPlatform.start(14_000);
  walk = await LoanWalk.prepare(platform.state);
}, 360_000);

afterAll(async () => {
  await platform.stop();
}, 60_000);

describe('a loan through the gateway', () => {
  it('lives its whole life: late, partial, doubled, overpaid, completed, and the books prove it', async () => {
    const phone = '254711111000';
    const customer = await walk.customer(phone);
    const loan = await walk.lend(customer, phone);
    const id = String(loan.loanId);
    const [first, second] = loan.schedule as { dueOn: string; outstanding: string }[];
    const late = new Date(Date.parse(first?.dueOn ?? '') + 3 * 86_400_000)
      .toISOString()
      .slice(0, 10);
    await walk.advance(late, id);
    expect((await walk.staff.ok(`/v1/loans/${id}`)).arrears).toMatchObject({
      daysPastDue: 3,
      overdueInstallments: 1,
    });
    const arrears = await eventually(async () => {
      const report = await walk.staff.ok('/v1/reports/arrears');
      return (report.loans as { loanId: string; daysPastDue: number }[]).find(
        ({ loanId }) => loanId === id,
      );
    }, SLOW);
    expect(arrears.daysPastDue).toBe(3);

    const paymentId = await walk.payByPush(customer, id, first?.outstanding ?? '', '254700000902');
    await walk.payAtPaybill(loan, half(second?.outstanding), 2);
    const { outstanding } = await walk.staff.ok(`/v1/loans/${id}`);
    await walk.payByPush(customer, id, String(Number(outstanding.total) + 500), '254700000901');
    const done = await walk.loanWhen(id, (seen) => seen.status === 'completed');
    expect(Number(done.credit)).toBeGreaterThanOrEqual(500);
    expect((done.repayments as unknown[]).length).toBe(3);

    const report = await walk.settleBooks();
    expect((report.checks as { ok: boolean }[]).every(({ ok }) => ok)).toBe(true);
    const accounts = (await walk.auditor.ok('/v1/ledger/accounts')) as {
      account: string;
      balance: string;
    }[];
    const received = (await walk.movements())
      .filter(({ kind }) => kind !== 'b2c')
      .reduce((sum, { amount }) => sum + amount, 0);
    expect(Number(accounts.find(({ account }) => account === 'asset:float')?.balance)).toBe(
      10_000_000 - 25_000 + received,
    );

    const trail = await walk.inspect(paymentId);
    expect(trail.events.map(({ type }) => String(type))).toEqual([
      'PaymentInitiated',
      'SubmitStarted',
      'CustomerPrompted',
      'CallbackReported',
      'PaymentSucceeded',
    ]);
    expect(trail.providerCalls.map(({ operation }) => String(operation))).toEqual(
      expect.arrayContaining(['stk-push', 'stk-query']),
    );
    expect(trail.callbacks.length).toBeGreaterThanOrEqual(1);
    expect(trail.messages.map(({ type }) => String(type))).toContain(
      'daftari.payments.payment-settled.v1',
    );
    expect(trail.entries.map(({ kind }) => kind)).toEqual([
      'repayment-received',
      'repayment-allocated',
    ]);
    expect(JSON.stringify(trail.audit)).toContain('POST /v1/payments');
    expect(trail.yesterday.length).toBeGreaterThan(0);
    expect(trail.yesterday.every(({ effectiveOn }) => effectiveOn <= trail.dayBefore)).toBe(true);
    const balance = (lines: readonly { balanceAfter: string }[]): number =>
      Number(lines.at(-1)?.balanceAfter);
    expect(balance(trail.now) - balance(trail.yesterday)).toBe(received);
    const me = await customer.ok('/v1/auth/me');
    const subjects = await eventually(async () => {
      const mails = await walk.mails(String(me.email));
      return mails.length >= 5 && mails.map(({ subject }) => subject);
    }, SLOW);
    expect(subjects.filter((subject) => subject.startsWith('We received'))).toHaveLength(3);
    expect(subjects.filter((subject) => subject.includes('paid out'))).toHaveLength(1);
  });

  it('carries the request id and the trace of a request into every service that it moves', async () => {
    const phone = '254711117000';
    const customer = await walk.customer(phone);
    const applicationId = await walk.apply(customer, phone);
    await walk.staff.ok(`/v1/applications/${applicationId}/review`, { body: {} });
    const { loanId } = await walk.admin.ok(`/v1/applications/${applicationId}/approve`, {
      body: {},
    });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = {
      'x-request-id': 'request-of-a-client-1',
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    };
    await walk.staff.ok(`/v1/loans/${String(loanId)}/disburse`, { body: {}, headers });
    await walk.loanWhen(String(loanId), (loan) => loan.status === 'active');
    const { disbursementId } = await walk.auditor.ok(`/v1/disbursements/${String(loanId)}`);
    const trail = await walk.auditor.ok(`/v1/payments/${String(disbursementId)}/trail`);
    const started = (trail.events as { metadata: Record<string, string> }[])[0]?.metadata;
    expect(started?.correlationId).toBe('request-of-a-client-1');
    expect(started?.traceparent?.split('-')[1]).toBe(traceId);
    const posted = await walk.auditor.ok(`/v1/ledger/trail?loanId=${String(loanId)}`);
    const entries = posted.entries as { kind: string; correlationId: string }[];
    expect(entries.map(({ kind, correlationId }) => [kind, correlationId])).toEqual([
      ['disbursement-reserved', 'request-of-a-client-1'],
      ['disbursement-paid', 'request-of-a-client-1'],
    ]);
  });

  it('takes money that is early, mistyped or taken back, and the books close every time', async () => {
    const phone = '254711118000';
    const customer = await walk.customer(phone);
    const approved = await walk.approve(customer, phone);
    const id = String(approved.loanId);
    const early = await walk.confirmAtPaybill(String(approved.accountReference), '1000.00');
    expect(await walk.reviewOf(early)).toMatchObject({
      kind: 'unallocated-payment',
      details: { waitsForLoanId: id },
    });
    await walk.disburse(id);
    const receiptsOf = (seen: { repayments?: unknown }): string[] =>
      (seen.repayments as { receipt: string }[]).map(({ receipt }) => receipt);
    await walk.loanWhen(id, (seen) => receiptsOf(seen).includes(early));

    const mistyped = await walk.confirmAtPaybill('NOSUCHLOAN', '700.00', { skipValidation: true });
    const item = await walk.reviewOf(mistyped);
    const payment = `/v1/payments/${String((item.subject as { id: string }).id)}`;
    await walk.operator.ok(`${payment}/allocate`, {
      body: { loanId: id, reason: 'the customer showed the message' },
    });
    const paid = await walk.loanWhen(id, (seen) => receiptsOf(seen).includes(mistyped));
    await walk.settleBooks();

    const word = { providerReference: 'REVERSED01', reason: 'sent by mistake' };
    await walk.operator.ok(`${payment}/reverse`, { body: word });
    const back = await walk.loanWhen(id, (seen) => !receiptsOf(seen).includes(mistyped));
    const owed = (seen: { outstanding?: unknown }): number =>
      Number((seen.outstanding as { total: string }).total);
    expect(owed(back) - owed(paid)).toBeCloseTo(700, 2);
    expect(back.reversals).toMatchObject([{ receipt: mistyped, reason: 'sent by mistake' }]);
    await walk.settleBooks();
  });

  it('pays out once when the answer is lost', async () => {
    const phone = '254711112905';
    await walk.lend(await walk.customer(phone), phone);
    const payouts = (await walk.movements()).filter(
      ({ kind, msisdn }) => kind === 'b2c' && msisdn === phone,
    );
    expect(payouts).toHaveLength(1);
    await walk.settleBooks();
  });

  it('rejects with a reason, and never lets one person review and approve', async () => {
    const phone = '254711113000';
    const customer = await walk.customer(phone);
    const id = await walk.apply(customer, phone);
    await walk.staff.ok(`/v1/applications/${id}/review`, { body: {} });
    const same = await walk.staff.call(`/v1/applications/${id}/approve`, {
      body: {},
      key: 'same-person-1',
    });
    expect([same.status, same.body.metadata.code]).toEqual([403, 'application/same-person']);
    const rejected = await walk.admin.ok(`/v1/applications/${id}/reject`, {
      body: { reason: 'No', nextSteps: 'Later' },
    });
    expect(rejected.status).toBe('rejected');
    const again = await walk.admin.call(`/v1/applications/${id}/approve`, {
      body: {},
      key: 'again-1',
    });
    expect([again.status, again.body.metadata.code]).toEqual([
      409,
      'application/illegal-transition',
    ]);
  });

  it('lists every failed rule of an application at once', async () => {
    const customer = await walk.customer('254711114000', '10.00');
    const body = {
      productId: walk.productId,
      principal: { amount: '1.00', currency: 'KES' },
      numberOfInstallments: 99,
      phone: 'x',
    };
    const answer = await customer.call('/v1/applications', { body, key: 'bad-1' });
    expect([answer.status, answer.body.metadata.code]).toEqual([422, 'application/invalid']);
    expect(answer.body.errors?.length).toBeGreaterThanOrEqual(3);
  });

  it("never shows one customer another's loan, payment or application", async () => {
    const phone = '254711115000';
    const owner = await walk.customer(phone);
    const other = await walk.customer('254711116000');
    const applicationId = await walk.apply(owner, phone);
    const answer = await other.call(`/v1/applications/${applicationId}`);
    expect(answer.status).toBe(404);
    const ledger = await other.call('/v1/ledger/journal');
    expect([ledger.status, ledger.body.metadata.code]).toEqual([403, 'auth/forbidden']);
  });

  it('ends a session at logout, and refuses callbacks for nobody', async () => {
    const { gateway, password } = platform.state;
    const user = await ApiUser.login(gateway, 'vendor@demo.daftari.test', password);
    await user.ok('/v1/auth/logout', { body: {} });
    const after = await user.call('/v1/auth/me');
    expect([after.status, after.body.metadata.code]).toEqual([401, 'auth/session-ended']);
    const before = ((await walk.auditor.ok('/v1/ledger/journal?limit=100')) as unknown[]).length;
    const forged = await fetch(`${gateway}/hooks/daraja/not-the-token/c`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(forged.status).toBe(404);
    expect(((await walk.auditor.ok('/v1/ledger/journal?limit=100')) as unknown[]).length).toBe(
      before,
    );
  });

  it('documents every route in one OpenAPI document', async () => {
    const document = (await (await fetch(`${platform.state.gateway}/api/openapi.json`)).json()) as {
      openapi: string;
      paths: object;
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/loans/{id}',
        '/api/v1/payments',
        '/api/v1/ledger/verify',
        '/api/v1/auth/login',
      ]),
    );
  });
});
