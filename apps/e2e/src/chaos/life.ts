import type { Client } from './client.js';
import type { Books, Life } from './books.js';
import type { Json } from './journal.js';
import type { People } from './people.js';
import type { Provider } from './provider.js';
import { type Random, sleep } from './random.js';

/** What one borrower will do, and what the provider will do to the money; chosen before the round begins. */
export interface LifePlan {
  readonly startsAfterMs: number;
  readonly newCustomer: boolean;
  readonly rejected: boolean;
  readonly principal: string;
  readonly installments: number;
  /** The provider's scenario for the payout. */
  readonly payout: string;
  /** How it is paid back, part by part; the last part is all that is left. */
  readonly parts: readonly { readonly by: 'push' | 'paybill'; readonly scenario: string }[];
}

/** Scenarios of payouts and of prompts after which the money has moved exactly once. */
export const MONEY_MOVES = {
  payout: ['000', '905', '910', '911', '912', '913', '914', '921', '922', '923', '924', '925'],
  push: ['000', '900', '901', '902', '903', '908', '921', '922', '923', '924', '925'],
} as const;

const POLL_MS = 300;
const ENDS_WITHIN_MS = 150_000;
/** So long nothing is heard of a payment before somebody looks at the provider's statement. */
const LOOK_AT_STATEMENT_MS = 14_000;

const whole = (amount: string): string => `${String(Math.ceil(Number(amount)))}.00`;
const half = (amount: string): string => `${String(Math.ceil(Number(amount) / 2))}.00`;

/** Walks one borrower from the application to the last cent, whatever happens meanwhile. */
export class Borrower {
  private readonly life: Life;
  private readonly deadline = Date.now() + ENDS_WITHIN_MS;

  constructor(
    private readonly plan: LifePlan,
    private readonly people: People,
    private readonly provider: Provider,
    private readonly random: Random,
    books: Books,
  ) {
    this.life = {
      customer: '',
      principal: plan.principal,
      rejected: plan.rejected,
      disbursed: false,
      payments: [],
    };
    books.lives.push(this.life);
  }

  /** Never throws: why a life did not come to its end is written into it. */
  async live(): Promise<Life> {
    await sleep(this.plan.startsAfterMs);
    try {
      const customer = this.plan.newCustomer
        ? await this.people.register()
        : await this.people.customer();
      await this.borrow(customer);
      if (!this.plan.rejected) await this.payBack(customer);
      this.people.release(customer);
    } catch (error) {
      this.life.failure = error instanceof Error ? error.message : String(error);
    }
    return this.life;
  }

  private async borrow(customer: Client): Promise<void> {
    const { staff, admin, productId } = this.people;
    const { principal, installments, payout } = this.plan;
    const applied = await this.done(customer, '/v1/applications', {
      productId,
      principal: { amount: principal, currency: 'KES' },
      numberOfInstallments: installments,
      phone: this.provider.phone(payout),
    });
    const id = String(applied.applicationId);
    this.life.applicationId = id;
    await this.done(staff, `/v1/applications/${id}/review`, {});
    if (this.plan.rejected) {
      const reason = { reason: 'Too many open obligations', nextSteps: 'Apply again in 30 days' };
      await this.done(admin, `/v1/applications/${id}/reject`, reason);
      return;
    }
    const { loanId } = await this.done(admin, `/v1/applications/${id}/approve`, {});
    this.life.loanId = String(loanId);
    await this.done(staff, `/v1/loans/${String(loanId)}/disburse`, {});
    this.life.disbursed = true;
    const loan = await this.loanWhen((seen) => seen.status === 'active');
    this.life.accountReference = String(loan.accountReference);
  }

  private async payBack(customer: Client): Promise<void> {
    for (const [index, part] of this.plan.parts.entries()) {
      const isLast = index === this.plan.parts.length - 1;
      const { outstanding } = await this.loan();
      const amount = isLast ? whole(outstanding.total) : half(outstanding.total);
      if (part.by === 'push') await this.push(customer, amount, part.scenario);
      else await this.paybill(amount);
      const paid = this.life.payments.length;
      await this.loanWhen((seen) => seen.repayments.length >= paid);
    }
    this.life.loan = await this.loanWhen((seen) => seen.status === 'completed');
  }

  /** Prompts until a prompt brings the money: one that was never sent, or expired, brings none. */
  private async push(customer: Client, amount: string, scenario: string): Promise<void> {
    for (;;) {
      const phone = this.provider.phone(scenario);
      const entry = await customer.command('/v1/payments', {
        loanId: this.life.loanId,
        amount: { amount, currency: 'KES' },
        phone,
      });
      // Payments hears of an activated loan a moment after origination does.
      if (['payment/loan-not-active', 'loan/not-found'].includes(entry.code)) {
        this.intime('the loan to take payments');
        await sleep(POLL_MS);
        continue;
      }
      if (entry.outcome !== 'done') throw new Error(`/v1/payments: ${entry.code || 'no answer'}`);
      const payment = await this.outcomeOf(String(entry.data.paymentId), phone);
      if (payment.status !== 'succeeded') continue;
      const { paymentId, receipt } = payment;
      this.life.payments.push({ paymentId, amount: payment.amount.amount, receipt });
      return;
    }
  }

  /** The payment when it is decided. Money that moved although nobody told us is confirmed by an operator who holds the statement. */
  private async outcomeOf(paymentId: string, phone: string): Promise<Json> {
    const look = Date.now() + LOOK_AT_STATEMENT_MS;
    for (;;) {
      const payment = await this.people.staff.read(`/v1/payments/${paymentId}`);
      if (payment?.status === 'succeeded') return payment;
      const moved =
        Date.now() > look ? await this.provider.movedBy(phone).catch(() => undefined) : undefined;
      if (moved)
        await this.people.operator.command(`/v1/payments/${paymentId}/confirm-received`, {
          reason: "It stands in the provider's statement",
          providerReference: moved.receipt,
        });
      else if (payment?.status === 'failed') return payment;
      else if (payment?.status === 'expired' && Date.now() > look) return payment;
      this.intime(`payment ${paymentId} (${String(payment?.status)})`);
      await sleep(POLL_MS);
    }
  }

  private async paybill(amount: string): Promise<void> {
    const receipt = `S${this.random.int(1_000_000_000, 1_999_999_999).toString(36).toUpperCase()}`;
    const times = this.random.int(1, 3);
    await this.provider.paybill(this.life.accountReference ?? '', amount, receipt, times);
    this.life.payments.push({ paymentId: '', amount, receipt });
  }

  private async done(who: Client, path: string, body: Json): Promise<Json> {
    const entry = await who.command(path, body);
    if (entry.outcome !== 'done')
      throw new Error(`${path}: ${entry.outcome} ${String(entry.status)} ${entry.code}`);
    return entry.data;
  }

  private loan(): Promise<Json> {
    return this.people.staff.read(`/v1/loans/${this.life.loanId ?? ''}`);
  }

  private async loanWhen(wanted: (loan: Json) => boolean): Promise<Json> {
    for (;;) {
      const loan = await this.loan();
      if (loan !== undefined && wanted(loan)) return loan;
      this.life.loan = loan;
      this.intime(`loan ${this.life.loanId ?? ''} (${String(loan?.status)})`);
      await sleep(POLL_MS);
    }
  }

  private intime(what: string): void {
    if (Date.now() > this.deadline) throw new Error(`too late: ${what}`);
  }
}
