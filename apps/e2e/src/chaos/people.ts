import { eventually } from '@daftari/testing';
import { Client } from './client.js';
import type { Journal, Json } from './journal.js';
import type { ChaosPlatform } from './platform.js';
import type { Random } from './random.js';

const PASSWORD = 'correct horse battery staple';
/** Level instalments in whole shillings, because M-Pesa moves nothing smaller. */
const PRODUCT = {
  name: 'Biashara 90',
  currency: 'KES',
  minPrincipal: '1000.00',
  maxPrincipal: '100000.00',
  minInstallments: 1,
  maxInstallments: 12,
  minMonthlyIncome: '10000.00',
  terms: {
    annualRatePercent: '24',
    repaymentEvery: { n: 1, unit: 'months' },
    installmentAmountInMultiplesOf: '1',
  },
};

/** Everybody who works on loans: the staff of the demo tenant, and customers who registered themselves. */
export class People {
  private customersMade = 0;
  private readonly free: Client[] = [];

  private constructor(
    private readonly platform: ChaosPlatform,
    private readonly journal: Journal,
    private readonly random: Random,
    readonly staff: Client,
    readonly admin: Client,
    readonly operator: Client,
    readonly auditor: Client,
    readonly productId: string,
  ) {}

  /** The staff, and a published product. */
  static async of(platform: ChaosPlatform, journal: Journal, random: Random): Promise<People> {
    const person = (role: string): Client =>
      new Client(platform.gateway, journal, random.fork(), {
        email: `${role}@demo.daftari.test`,
        password: platform.password,
      });
    const staff = person('staff');
    const product = await staff.command('/v1/products', PRODUCT);
    return new People(
      platform,
      journal,
      random,
      staff,
      person('admin'),
      person('operator'),
      person('auditor'),
      String(product.data.productId),
    );
  }

  /** A customer without an open loan: one who has paid back, or a new one. */
  async customer(): Promise<Client> {
    return this.free.shift() ?? this.register();
  }

  /** The customer may borrow again. */
  release(customer: Client): void {
    this.free.push(customer);
  }

  /** Registers a customer, opens the link in the mail, and fills in the profile. */
  async register(): Promise<Client> {
    const number = ++this.customersMade;
    const email = `c-${String(number)}-${String(this.random.int(1, 1_000_000_000))}@example.test`;
    const phone = `25471${String(number).padStart(7, '0')}`;
    const name = 'Asha Otieno';
    const anybody = new Client(this.platform.gateway, this.journal, this.random.fork());
    await anybody.command('/v1/auth/register', { email, password: PASSWORD, name, phone });
    await this.openLink(email);
    const customer = new Client(this.platform.gateway, this.journal, this.random.fork(), {
      email,
      password: PASSWORD,
    });
    const profile = {
      name,
      phone,
      dateOfBirth: '1990-05-17',
      monthlyIncome: { amount: '60000.00', currency: 'KES' },
      employment: 'employed',
    };
    await customer.command('/v1/me/profile', profile, 'PUT');
    return customer;
  }

  private async openLink(email: string): Promise<void> {
    const address = `${this.platform.sandbox}/sandbox/mails?to=${encodeURIComponent(email)}`;
    await eventually(
      async () => {
        const [mail] = (await (await fetch(address)).json()) as Json[];
        const link = /https?:\S+token=\S+/.exec(String(mail?.text))?.[0];
        if (link === undefined) return false;
        const opened = await fetch(link.replace(/^https?:\/\/[^/]+/, this.platform.gateway));
        return opened.ok || opened.status === 422;
      },
      { withinMs: 150_000, everyMs: 200, what: `the mail to ${email} and its link` },
    );
  }
}
