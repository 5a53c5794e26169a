import { localDate, type LocalDate } from '@daftari/kernel';
import {
  allocatePayment,
  type AllocationRule,
  type FutureRule,
  type Part,
  type Payable,
  type PaymentOrder,
} from './allocation.js';

type Owed = Partial<Record<Part, bigint>>;

const TODAY = localDate('2026-03-01');
const PARTS: readonly Part[] = ['penalty', 'fee', 'interest', 'principal'];

/** Installments with what is owed of them; every payment is noted as `<row>.<part>=<amount>`. */
const ledger = (rows: readonly { from?: string; due: string; owed: Owed; now?: Owed }[]) => {
  const log: string[] = [];
  const payable = rows.map(({ from = '2026-01-01', due, owed, now }, i): Payable => {
    const left: Owed = { ...owed };
    const dueDate = localDate(due);
    const reached = now ?? (dueDate <= TODAY ? owed : {});
    const paid: Owed = {};
    return {
      fromDate: localDate(from),
      dueDate,
      owed: (part) => left[part] ?? 0n,
      owedByNow: (part) => (reached[part] ?? 0n) - (paid[part] ?? 0n),
      pay: (part, amount) => {
        log.push(`${String(i)}.${part}=${String(amount)}`);
        left[part] = (left[part] ?? 0n) - amount;
        paid[part] = (paid[part] ?? 0n) + amount;
      },
    };
  });
  return { payable, log };
};

const all = (amount: bigint): Owed =>
  Object.fromEntries(PARTS.map((part) => [part, amount])) as Owed;

const pay = (
  rows: readonly { from?: string; due: string; owed: Owed; now?: Owed }[],
  amountMinor: bigint,
  rule: AllocationRule,
  { type = 'repayment', date = TODAY }: { type?: string; date?: LocalDate } = {},
) => {
  const { payable, log } = ledger(rows);
  const left = allocatePayment(payable, { type, date, amountMinor }, rule);
  return { log, left };
};

const past = { due: '2026-02-01', owed: all(10n) };
const today = { due: '2026-03-01', owed: all(10n) };
const next = { from: '2026-03-01', due: '2026-04-01', owed: all(10n) };
const after = { from: '2026-04-01', due: '2026-05-01', owed: all(10n) };
const last = { from: '2026-05-01', due: '2026-06-01', owed: all(10n) };

const rules = (
  order: PaymentOrder['order'],
  future: FutureRule = 'next_installment',
  processing: 'horizontal' | 'vertical' = 'horizontal',
): AllocationRule => ({ strategy: 'rules', processing, rules: { default: { order, future } } });

const tense = (
  name: 'past_due' | 'due' | 'in_advance',
  parts: readonly Part[] = PARTS,
): PaymentOrder['order'] => parts.map((part) => `${name}_${part}` as const);

describe('fixed orders', () => {
  it.each([
    ['penalty_fee_interest_principal', ['penalty', 'fee', 'interest', 'principal']],
    ['interest_principal_penalty_fee', ['interest', 'principal', 'penalty', 'fee']],
    ['principal_interest_penalty_fee', ['principal', 'interest', 'penalty', 'fee']],
  ] as const)('%s pays each installment whole, in its order, oldest first', (strategy, order) => {
    const { log, left } = pay([past, next], 45n, { strategy });
    expect(log).toEqual([...order.map((part) => `0.${part}=10`), `1.${order[0]}=5`]);
    expect(left).toBe(0n);
  });

  it('leave what nobody owes', () => {
    const rule = { strategy: 'penalty_fee_interest_principal' } as const;
    const { log, left } = pay([{ due: '2026-02-01', owed: { fee: 3n } }], 5n, rule);
    expect(log).toEqual(['0.fee=3']);
    expect(left).toBe(2n);
  });

  it.each([
    [
      'due_pfip_then_advance_ppfi',
      ['penalty', 'fee', 'interest', 'principal'],
      ['principal', 'penalty', 'fee', 'interest'],
    ],
    [
      'due_pipf_then_advance_pipf',
      ['penalty', 'interest', 'principal', 'fee'],
      ['penalty', 'interest', 'principal', 'fee'],
    ],
  ] as const)('%s pays what is due, then goes on in advance', (strategy, due, advance) => {
    const { log } = pay([today, next, after], 75n, { strategy });
    expect(log).toEqual([
      ...due.map((part) => `0.${part}=10`),
      ...advance.map((part, i) => `1.${part}=${i < 3 ? '10' : '5'}`),
    ]);
  });

  it('pay a charge whose own day has come before anything in advance', () => {
    const early = { ...next, now: { fee: 4n } };
    const { log } = pay([early], 9n, { strategy: 'due_pfip_then_advance_ppfi' });
    expect(log).toEqual(['0.fee=4', '0.principal=5']);
  });
});

describe('rules as data', () => {
  it('take due types in the order of their first entry, and parts in order within them', () => {
    const order = [...tense('due', ['fee', 'interest']), ...tense('past_due', ['interest', 'fee'])];
    const { log, left } = pay([past, today], 1000n, rules(order));
    expect(log).toEqual(['1.fee=10', '1.interest=10', '0.interest=10', '0.fee=10']);
    expect(left).toBe(960n);
  });

  it('by instalment pay all parts of the oldest before those of the next', () => {
    const older = { due: '2026-01-15', owed: all(10n) };
    const order = tense('past_due', ['fee', 'interest']);
    const { log } = pay([older, past], 35n, rules(order));
    expect(log).toEqual(['0.fee=10', '0.interest=10', '1.fee=10', '1.interest=5']);
  });

  it('by component pay one part of all before the next part of any', () => {
    const older = { due: '2026-01-15', owed: all(10n) };
    const order = tense('past_due', ['fee', 'interest']);
    const { log } = pay([older, past], 35n, rules(order, 'next_installment', 'vertical'));
    expect(log).toEqual(['0.fee=10', '1.fee=10', '0.interest=10', '1.interest=5']);
  });

  it('choose the order of the kind of transaction, else the default', () => {
    const rule: AllocationRule = {
      strategy: 'rules',
      processing: 'horizontal',
      rules: {
        default: { order: tense('due', ['fee']), future: 'next_installment' },
        refund: { order: tense('due', ['principal']), future: 'next_installment' },
      },
    };
    expect(pay([today], 4n, rule).log).toEqual(['0.fee=4']);
    expect(pay([today], 4n, rule, { type: 'refund' }).log).toEqual(['0.principal=4']);
  });

  it('without an order for a transaction leave the money', () => {
    const rule: AllocationRule = { strategy: 'rules', processing: 'horizontal', rules: {} };
    expect(pay([today], 4n, rule)).toEqual({ log: [], left: 4n });
  });

  it('pay only the due types that they name', () => {
    const { log, left } = pay([past, today, next], 100n, rules(tense('due', ['fee'])));
    expect(log).toEqual(['1.fee=10']);
    expect(left).toBe(90n);
  });
});

describe('money in advance', () => {
  const order = tense('in_advance', ['principal']);
  const coming = [next, after, last];

  it.each([
    ['next_installment', ['0.principal=10', '1.principal=5']],
    ['last_installment', ['2.principal=10', '1.principal=5']],
    ['next_last_installment', ['0.principal=10', '2.principal=5']],
  ] as const)('goes to installments by %s', (future, expected) => {
    expect(pay(coming, 15n, rules(order, future)).log).toEqual(expected);
  });

  it.each([
    ['2026-03-15', '0.principal=5'],
    ['2026-04-01', '1.principal=5'],
    ['2026-03-01', '0.principal=5'],
    ['2026-02-15', '2.principal=5'],
  ])(
    'with next_last_installment on %s finds the running installment, else the last',
    (on, paid) => {
      const rule = rules([...order, ...tense('due', ['principal'])], 'next_last_installment');
      expect(pay(coming, 5n, rule, { date: localDate(on) }).log).toEqual([paid]);
    },
  );

  it('with next_last_installment past the running one goes on from the end', () => {
    const paid = { ...next, owed: {} };
    const rule = rules(order, 'next_last_installment');
    expect(pay([paid, after, last], 5n, rule, { date: localDate('2026-03-15') }).log).toEqual([
      '2.principal=5',
    ]);
  });

  it.each([
    [9n, ['3', '3', '3']],
    [10n, ['3', '3', '4']],
    [11n, ['4', '4', '3']],
    [30n, ['10', '10', '10']],
  ])('with reamortization splits %s evenly, the rest to the last', (amount, shares) => {
    const { log, left } = pay(coming, amount, rules(order, 'reamortization'));
    expect(log).toEqual(shares.map((share, i) => `${String(i)}.principal=${share}`));
    expect(left).toBe(0n);
  });

  it.each([
    [1n, ['1.principal=1']],
    [3n, ['0.principal=2', '1.principal=1']],
    [5n, ['0.principal=2', '1.principal=3']],
    [7n, ['0.principal=4', '1.principal=3']],
  ])('with reamortization rounds half of %s to the even cent', (amount, expected) => {
    expect(pay([next, after], amount, rules(order, 'reamortization')).log).toEqual(expected);
  });

  it('with reamortization goes round until nothing is owed or left', () => {
    const small = { ...next, owed: { principal: 1n } };
    const { log, left } = pay([small, after], 20n, rules(order, 'reamortization'));
    expect(log).toEqual(['0.principal=1', '1.principal=10']);
    expect(left).toBe(9n);
  });

  it('with reamortization takes the next part with what the first leaves', () => {
    const both = tense('in_advance', ['fee', 'principal']);
    const { log } = pay([next, after], 24n, rules(both, 'reamortization'));
    expect(log).toEqual(['0.fee=10', '1.fee=10', '0.principal=2', '1.principal=2']);
  });

  it('does not touch installments that are due, and these not the future ones', () => {
    expect(pay([past, today], 5n, rules(order))).toEqual({ log: [], left: 5n });
    const due = rules(tense('due', ['principal']), 'reamortization');
    expect(pay([today, next], 15n, due).log).toEqual(['0.principal=10']);
  });
});
