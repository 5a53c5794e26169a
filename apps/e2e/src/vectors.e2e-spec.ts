import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LoanWalk } from '@daftari/testing';
import { RunningPlatform } from './running-platform.js';

/** Loans with known figures, from the vectors of the lending library: five schedules, five histories. */
const SCHEDULES = ['001', '003', '010', '038', '101'].map((n) => `schedules/sched-prog-${n}`);
const HISTORIES = ['162', '177', '182', '188', '190'].map((n) => `transactions/tx-${n}`);
/** The Gregorian calendar repeats after 400 years, leap years and weekdays too: past terms become coming ones. */
const LATER_YEARS = 400;

interface Row {
  readonly type: string;
  readonly n: number;
  readonly dueDate: string;
  readonly principal: string;
  readonly interest: string;
  readonly outstanding?: string;
}
interface Order {
  readonly order: readonly string[];
  readonly future: string;
}
interface Vector {
  readonly id: string;
  readonly terms: {
    readonly principal: string;
    readonly annualRatePercent: string;
    readonly numberOfInstallments: number;
    readonly repaymentEvery: object;
    readonly disbursementDate: string;
    readonly daysInYear: string;
    readonly daysInMonth: string;
    readonly roundingMode: string;
    readonly interestAccruesFrom?: string;
    readonly recalculation?: Record<'preClosure' | 'restFrequency', string> & {
      readonly noInterestOnPastDue: boolean;
    };
  };
  readonly allocation?: {
    readonly processing: string;
    readonly rules: { readonly default: Order };
  };
  readonly events?: readonly {
    readonly date: string;
    readonly type: string;
    readonly amount?: string;
  }[];
  readonly expected?: { readonly rows: readonly Row[] };
  readonly checkpoints?: readonly {
    readonly afterEvents: number;
    readonly businessDate: string;
    readonly outstanding?: string;
    readonly overpaid?: string;
    readonly schedule: readonly Row[];
  }[];
}
interface Happening {
  readonly on: string;
  readonly what: () => Promise<void>;
}

const vectorOf = (name: string): Vector =>
  JSON.parse(readFileSync(resolve(`libs/lending-math/src/vectors/${name}.json`), 'utf8')) as Vector;
const later = (date: string): string =>
  `${String(Number(date.slice(0, 4)) + LATER_YEARS)}${date.slice(4)}`;

const termsOf = ({ terms, allocation }: Vector): object => ({
  annualRatePercent: terms.annualRatePercent,
  repaymentEvery: terms.repaymentEvery,
  daysInYear: terms.daysInYear,
  daysInMonth: terms.daysInMonth,
  roundingMode: terms.roundingMode,
  interestAccruesFrom: terms.interestAccruesFrom ?? null,
  recalculation: terms.recalculation
    ? {
        preClosure: terms.recalculation.preClosure,
        restFrequency: terms.recalculation.restFrequency,
        noInterestOnPastDue: terms.recalculation.noInterestOnPastDue,
      }
    : null,
  ...(allocation && {
    allocationStrategy: 'rules',
    allocationOrder: { processing: allocation.processing, ...allocation.rules.default },
  }),
});

describe('loans with known figures through the running platform', () => {
  let platform: RunningPlatform;
  let walk: LoanWalk;
  const loans = new Map<string, Awaited<ReturnType<LoanWalk['lend']>>>();
  const compared: string[] = [];

  beforeAll(async () => {
    platform = await RunningPlatform.start(14_200);
    walk = await LoanWalk.prepare(platform.state);
  }, 180_000);
  afterAll(async () => {
    await platform.stop();
  }, 60_000);

  const lend = async (vector: Vector, index: number): Promise<void> => {
    const { principal: amount, numberOfInstallments } = vector.terms;
    const productId = await walk.product({
      name: vector.id,
      minPrincipal: '10.00',
      maxInstallments: 24,
      terms: termsOf(vector),
    });
    const phone = `2547222${String(index).padStart(2, '0')}000`;
    const customer = await walk.customer(phone, '60000.00', later('1990-05-17'));
    loans.set(
      vector.id,
      await walk.lend(customer, phone, { productId, amount, numberOfInstallments }),
    );
  };

  /** What the platform shows of a loan against the vector's rows, in the vector's words. */
  const compare = async (vector: Vector, rows: readonly Row[], point: string): Promise<void> => {
    const loan = await walk.staff.ok(`/v1/loans/${String(loans.get(vector.id)?.loanId)}`);
    const wanted = rows.filter(({ type }) => type === 'installment');
    const shown = (loan.schedule as Record<string, string>[]).map((row, i) => ({
      n: row.number,
      dueDate: row.dueOn,
      principal: row.principal,
      interest: row.interest,
      ...(wanted[i]?.outstanding !== undefined && { outstanding: row.outstanding }),
    }));
    expect({ point, rows: shown }).toEqual({
      point,
      rows: wanted.map(({ n, dueDate, principal, interest, outstanding }) => ({
        n,
        dueDate: later(dueDate),
        principal,
        interest,
        ...(outstanding !== undefined && { outstanding }),
      })),
    });
    compared.push(point);
  };

  const happeningsOf = (vector: Vector, index: number): Happening[] => {
    const { disbursementDate } = vector.terms;
    const start = { on: disbursementDate, what: () => lend(vector, index) };
    if (vector.expected) {
      const { rows } = vector.expected;
      return [start, { on: disbursementDate, what: () => compare(vector, rows, vector.id) }];
    }
    const pays = (amount: string) => async (): Promise<void> => {
      const loan = loans.get(vector.id);
      await walk.payAtPaybill(loan, amount);
    };
    return [start].concat(
      (vector.events ?? []).flatMap(({ date, type, amount = '' }, i) => {
        const point = vector.checkpoints?.find(({ afterEvents }) => afterEvents === i + 1);
        return [
          ...(type === 'repayment' ? [{ on: date, what: pays(amount) }] : []),
          ...(point
            ? [
                {
                  on: point.businessDate,
                  what: async () => {
                    await compare(vector, point.schedule, `${vector.id} after ${String(i + 1)}`);
                    if (point.overpaid === undefined) return;
                    const { credit, outstanding } = await walk.staff.ok(
                      `/v1/loans/${String(loans.get(vector.id)?.loanId)}`,
                    );
                    expect([credit, outstanding.total]).toEqual([
                      point.overpaid,
                      point.outstanding,
                    ]);
                  },
                },
              ]
            : []),
        ];
      }),
    );
  };

  it('end with exactly the figures of five schedules and five histories', async () => {
    const vectors = [...SCHEDULES, ...HISTORIES].map(vectorOf);
    const days = vectors
      .flatMap(happeningsOf)
      .map((happening, i) => ({ ...happening, i }))
      .sort((a, b) => (a.on < b.on ? -1 : a.on > b.on ? 1 : a.i - b.i));
    let today = '';
    for (const { on, what } of days) {
      if (on > today) {
        const [loan] = loans.values();
        await walk.advance(later(on), loan ? String(loan.loanId) : undefined);
        today = on;
      }
      await what();
    }
    const checkpoints = vectors.reduce((sum, { checkpoints: c }) => sum + (c?.length ?? 1), 0);
    expect(compared).toHaveLength(checkpoints);
    const report = await walk.settleBooks();
    expect((report.checks as { ok: boolean }[]).every(({ ok }) => ok)).toBe(true);
  }, 300_000);
});
