import { randomUUID } from 'node:crypto';
import { eventually } from './eventually.js';
import { ApiUser, type PlatformState } from './platform-client.js';

type Json = Awaited<ReturnType<ApiUser['ok']>>;
const SLOW = { withinMs: 120_000, everyMs: 200 };
const PRODUCT = {
  name: 'Biashara 90',
  currency: 'KES',
  minPrincipal: '1000.00',
  maxPrincipal: '100000.00',
  minInstallments: 1,
  maxInstallments: 12,
  minMonthlyIncome: '10000.00',
  // Level instalments in whole shillings, because M-Pesa moves nothing smaller.
  terms: {
    annualRatePercent: '24',
    repaymentEvery: { n: 1, unit: 'months' },
    installmentAmountInMultiplesOf: '1',
  },
};
/** What a customer applies for; by default KES 25,000 in three installments of the usual product. */
export interface Wanted {
  readonly productId?: string;
  readonly amount?: string;
  readonly numberOfInstallments?: number;
}

interface StatementLine {
  readonly side: string;
  readonly amount: string;
  readonly balanceAfter: string;
  readonly effectiveOn: string;
}

/** One payment as an auditor sees it; `yesterday` is the till's statement as of the day before the payment. */
export interface Inspection {
  readonly dayBefore: string;
  readonly yesterday: readonly StatementLine[];
  readonly now: readonly StatementLine[];
  readonly entries: readonly { readonly effectiveOn: string; readonly kind: string }[];
  readonly audit: readonly Json[];
  readonly events: readonly Json[];
  readonly messages: readonly Json[];
  readonly providerCalls: readonly Json[];
  readonly callbacks: readonly Json[];
}

const whole = (amount: string): string => `${String(Math.ceil(Number(amount)))}.00`;

/** The people of the demo tenant, logged in, and the sandbox: everything that a walk through a loan's life needs. */
export class LoanWalk {
  private constructor(
    private readonly state: PlatformState,
    readonly staff: ApiUser,
    readonly admin: ApiUser,
    readonly operator: ApiUser,
    readonly auditor: ApiUser,
    readonly productId: string,
  ) {}

  /** Logs everybody in, puts capital into the float, and publishes a product. */
  static async prepare(state: PlatformState): Promise<LoanWalk> {
    const login = (role: string): Promise<ApiUser> =>
      ApiUser.login(state.gateway, `${role}@demo.daftari.test`, state.password);
    const [staff, admin, operator, auditor] = await Promise.all([
      login('staff'),
      login('admin'),
      login('operator'),
      login('auditor'),
    ]);
    await admin.ok('/v1/ledger/capital', {
      body: { amount: { amount: '10000000.00', currency: 'KES' }, reference: 'demo capital' },
    });
    const product = await staff.ok('/v1/products', { body: PRODUCT });
    return new LoanWalk(state, staff, admin, operator, auditor, String(product.productId));
  }

  /** Publishes another product than the usual one; gives its id. */
  async product(changes: Readonly<Record<string, unknown>>): Promise<string> {
    const { productId } = await this.staff.ok('/v1/products', { body: { ...PRODUCT, ...changes } });
    return String(productId);
  }

  /** Registers a customer, opens the link in the mail that it got, and fills in the profile. */
  async customer(phone: string, income = '60000.00', dateOfBirth = '1990-05-17'): Promise<ApiUser> {
    const email = `c-${randomUUID()}@example.test`;
    const password = 'correct horse battery staple';
    await new ApiUser(this.state.gateway, undefined).ok('/v1/auth/register', {
      body: { email, password, name: 'Asha Otieno', phone },
    });
    const mail = await eventually(async () => (await this.mails(email))[0], {
      ...SLOW,
      what: `a mail to ${email}`,
    });
    const link = /https?:\S+token=\S+/.exec(mail.text)?.[0] ?? '';
    await eventually(
      async () => {
        const opened = await fetch(link.replace(/^https?:\/\/[^/]+/, this.state.gateway));
        // 422 after a lost answer: the link has done its work already.
        return opened.ok || opened.status === 422;
      },
      { ...SLOW, what: 'the verification link works' },
    );
    const customer = await ApiUser.login(this.state.gateway, email, password);
    await customer.ok('/v1/me/profile', {
      method: 'PUT',
      body: {
        name: 'Asha Otieno',
        phone,
        dateOfBirth,
        monthlyIncome: { amount: income, currency: 'KES' },
        employment: 'employed',
      },
    });
    return customer;
  }

  /** Applies; gives the application's id. */
  async apply(customer: ApiUser, phone: string, wanted: Wanted = {}): Promise<string> {
    const { productId = this.productId, amount = '25000.00', numberOfInstallments = 3 } = wanted;
    const principal = { amount, currency: 'KES' };
    const application = await customer.ok('/v1/applications', {
      body: { productId, principal, numberOfInstallments, phone },
    });
    return String(application.applicationId);
  }

  /** Reviewed by one, approved by another, paid out; gives the active loan. */
  async lend(customer: ApiUser, phone: string, wanted: Wanted = {}): Promise<Json> {
    const loan = await this.approve(customer, phone, wanted);
    return this.disburse(String(loan.loanId));
  }

  /** Reviewed by one and approved by another; gives the loan, not paid out yet. */
  async approve(customer: ApiUser, phone: string, wanted: Wanted = {}): Promise<Json> {
    const id = await this.apply(customer, phone, wanted);
    await this.staff.ok(`/v1/applications/${id}/review`, { body: {} });
    const { loanId } = await this.admin.ok(`/v1/applications/${id}/approve`, { body: {} });
    return this.loanWhen(String(loanId), (loan) => loan.status === 'approved');
  }

  /** Pays a loan out; gives it when it is active. */
  async disburse(loanId: string): Promise<Json> {
    await this.staff.ok(`/v1/loans/${loanId}/disburse`, { body: {} });
    return this.loanWhen(loanId, (loan) => loan.status === 'active');
  }

  /** Waits until a loan is as wanted. */
  loanWhen(loanId: string, wanted: (loan: Json) => boolean): Promise<Json> {
    return eventually(
      async () => {
        const loan = await this.staff.ok(`/v1/loans/${loanId}`);
        return wanted(loan) && loan;
      },
      { ...SLOW, what: `loan ${loanId}` },
    );
  }

  /** Pays by STK push and waits until it is allocated. */
  async payByPush(
    customer: ApiUser,
    loanId: string,
    amount: string,
    phone: string,
  ): Promise<string> {
    await eventually(
      async () => (await this.staff.ok(`/v1/loans/${loanId}`)).status === 'active',
      SLOW,
    );
    const before = ((await this.staff.ok(`/v1/loans/${loanId}`)).repayments as unknown[]).length;
    const send = async (): Promise<Json | undefined> =>
      customer
        .ok('/v1/payments', {
          body: { loanId, amount: { amount: whole(amount), currency: 'KES' }, phone },
        })
        .catch((error: unknown) => {
          // Payments hears of an activated loan a moment after origination does.
          if (
            String(error).includes('payment/loan-not-active') ||
            String(error).includes('loan/not-found')
          )
            return undefined;
          throw error;
        });
    const { paymentId } = await eventually(send, SLOW);
    await this.loanWhen(loanId, (loan) => (loan.repayments as unknown[]).length > before);
    return String(paymentId);
  }

  /** Pays at the paybill and waits until it is allocated. The provider sends the confirmation `times` times. */
  async payAtPaybill(loan: Json, amount: string, times = 1): Promise<void> {
    const before = (
      (await this.staff.ok(`/v1/loans/${String(loan.loanId)}`)).repayments as unknown[]
    ).length;
    await this.confirmAtPaybill(String(loan.accountReference), amount, { times });
    await this.loanWhen(
      String(loan.loanId),
      (seen) => (seen.repayments as unknown[]).length > before,
    );
  }

  /** Pays at the paybill, whoever's the reference is; gives the receipt. */
  async confirmAtPaybill(
    billRefNumber: string,
    amount: string,
    more: { times?: number; skipValidation?: boolean } = {},
  ): Promise<string> {
    const transId = `S${randomUUID().replaceAll('-', '').slice(0, 9).toUpperCase()}`;
    await eventually(
      async () => {
        const response = await fetch(`${this.state.sandbox}/sandbox/daraja/c2b`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            amount,
            billRefNumber,
            msisdn: '254700000001',
            transId,
            ...more,
          }),
        });
        return ((await response.json()) as { accepted: boolean }).accepted;
      },
      { ...SLOW, what: 'the paybill payment is accepted' },
    );
    return transId;
  }

  /** What waits for people about one payment's receipt. */
  reviewOf(receipt: string): Promise<Json> {
    return eventually(
      async () => {
        const items = (await this.operator.ok('/v1/payments/review')) as unknown as Json[];
        return items.find((item) => (item.details as Json).receipt === receipt);
      },
      { ...SLOW, what: `review of ${receipt}` },
    );
  }

  /** Moves the business date forward and waits until payments, and origination by a loan, have heard of it. */
  async advance(to: string, loanId?: string): Promise<void> {
    await this.operator.ok('/v1/business-date/advance', { body: { to } });
    if (loanId !== undefined) await this.loanWhen(loanId, (loan) => String(loan.asOf) >= to);
    await eventually(
      async () => String((await this.staff.call('/v1/payments?limit=1')).body.metadata.asOf) >= to,
      { ...SLOW, what: `payments hears of ${to}` },
    );
  }

  /** The mails that somebody got. */
  async mails(to: string): Promise<{ subject: string; text: string }[]> {
    return (await (
      await fetch(`${this.state.sandbox}/sandbox/mails?to=${encodeURIComponent(to)}`)
    ).json()) as { subject: string; text: string }[];
  }

  /** What the provider really executed. */
  async movements(): Promise<
    { kind: string; ref: string; msisdn: string; amount: number; receipt: string }[]
  > {
    return (await (await fetch(`${this.state.sandbox}/sandbox/daraja/transactions`)).json()) as {
      kind: string;
      ref: string;
      msisdn: string;
      amount: number;
      receipt: string;
    }[];
  }

  /** What an auditor reads of one payment: the till before its day and now, and everything that it left behind. */
  async inspect(paymentId: string): Promise<Inspection> {
    const inPayments = await this.auditor.ok(`/v1/payments/${paymentId}/trail`);
    const inLedger = await this.auditor.ok(`/v1/ledger/trail?paymentId=${paymentId}`);
    const entries = inLedger.entries as { effectiveOn: string; kind: string }[];
    const [first] = entries;
    const dayBefore = new Date(Date.parse(first?.effectiveOn ?? '') - 86_400_000)
      .toISOString()
      .slice(0, 10);
    const statement = async (query: string): Promise<StatementLine[]> => {
      const lines: StatementLine[] = [];
      for (let cursor: unknown = '0'; cursor !== null;) {
        const path = `/v1/ledger/accounts/asset:float/statement?limit=100&cursor=${String(cursor)}`;
        const { body } = await this.auditor.call(`${path}${query}`);
        lines.push(...(body.data as StatementLine[]));
        cursor = body.metadata.nextCursor;
      }
      return lines;
    };
    return {
      dayBefore,
      yesterday: await statement(`&asOf=${dayBefore}`),
      now: await statement(''),
      entries,
      audit: inLedger.audit as Json[],
      events: inPayments.events as Json[],
      messages: inPayments.messages as Json[],
      providerCalls: inPayments.providerCalls as Json[],
      callbacks: inPayments.callbacks as Json[],
    };
  }

  /** Waits until every cent that moved at the provider stands in the journal and the books agree; gives the auditor's report. */
  async settleBooks(): Promise<Json> {
    return eventually(async () => {
      const accounts = (await this.auditor.ok('/v1/ledger/accounts')) as {
        account: string;
        balance: string;
      }[];
      const open = accounts.filter(
        ({ account, balance }) => account.includes('clearing') && Number(balance) !== 0,
      );
      const report = await this.auditor.ok('/v1/ledger/verify');
      const check = await this.staff.ok('/v1/reports/check');
      if (open.length > 0 || report.ok !== true || check.ok !== true)
        throw new Error(JSON.stringify({ open, report, check }));
      return report;
    }, SLOW);
  }
}
