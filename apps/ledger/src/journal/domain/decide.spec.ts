import fc from 'fast-check';
import { deciderSpec } from '@daftari/testing';
import { deterministicId } from '@daftari/kernel';
import { decide, evolve, storedLegs } from './decide.js';
import {
  assertBalanced,
  emptyJournal,
  type Journal,
  type JournalEvent,
  type PostCommand,
  signed,
  type TransactionKind,
} from './journal.js';
import { FLOAT, postingsOf } from './posting-rules.js';

const loanId = deterministicId('loan', '1');
const post = (overrides: Partial<PostCommand> = {}): PostCommand => ({
  type: 'PostTransaction',
  transactionId: deterministicId('t', '1'),
  requestHash: 'h1',
  kind: 'capital-injected',
  currency: 'KES',
  amounts: { amount: '1000.00' },
  effectiveOn: '2026-01-31',
  loanId: null,
  paymentId: null,
  reference: 'seed',
  ...overrides,
});
const given = (...history: JournalEvent[]) =>
  deciderSpec({ decide, evolve, initialState: emptyJournal() })(...history);
const eventsOf = (command: PostCommand, state: Journal): readonly JournalEvent[] => {
  const decision = decide(command, state);
  return decision.accepted ? decision.events : [];
};
const capital = (): JournalEvent[] => [
  ...eventsOf(post({ transactionId: deterministicId('t', 'capital') }), emptyJournal()),
];
const codeOf = (command: PostCommand, ...history: JournalEvent[]): string => {
  const event = eventsOf(command, history.reduce(evolve, emptyJournal()))[0];
  return event?.type === 'TransactionRefused' ? event.data.code : 'posted';
};

describe('posting rules', () => {
  const amounts = {
    amount: 100n,
    principal: 60n,
    interest: 20n,
    fees: 10n,
    penalties: 4n,
    overpayment: 6n,
  };
  const rules: readonly [TransactionKind, readonly string[]][] = [
    ['capital-injected', ['debit asset:float 100', 'credit equity:capital 100']],
    ['disbursement-reserved', ['debit asset:disbursement-clearing 100', 'credit asset:float 100']],
    [
      'disbursement-paid',
      [`debit asset:loan:${loanId}:principal 100`, 'credit asset:disbursement-clearing 100'],
    ],
    ['disbursement-released', ['debit asset:float 100', 'credit asset:disbursement-clearing 100']],
    ['repayment-received', ['debit asset:float 100', 'credit liability:repayment-clearing 100']],
    [
      'repayment-allocated',
      [
        'debit liability:repayment-clearing 100',
        `credit asset:loan:${loanId}:principal 60`,
        'credit income:interest 20',
        'credit income:fees 10',
        'credit income:penalties 4',
        `credit liability:customer-credit:${loanId} 6`,
      ],
    ],
    ['repayment-reversed', ['debit liability:repayment-clearing 100', 'credit asset:float 100']],
    [
      'repayment-deallocated',
      [
        `debit asset:loan:${loanId}:principal 60`,
        'debit income:interest 20',
        'debit income:fees 10',
        'debit income:penalties 4',
        `debit liability:customer-credit:${loanId} 6`,
        'credit liability:repayment-clearing 100',
      ],
    ],
  ];
  it.each(rules)('%s has its postings', (kind, expected) => {
    const legs = postingsOf(kind, amounts, loanId);
    assertBalanced(legs);
    expect(legs.map((leg) => `${leg.side} ${leg.account} ${String(leg.minor)}`)).toEqual(expected);
  });

  it.each([
    ['repayment-received', 'repayment-reversed'],
    ['repayment-allocated', 'repayment-deallocated'],
  ] as const)('%s and %s leave every account as it was', (there, back) => {
    const balances = new Map<string, bigint>();
    for (const kind of [there, back])
      for (const leg of postingsOf(kind, amounts, loanId))
        balances.set(leg.account, (balances.get(leg.account) ?? 0n) + signed(leg));
    expect([...balances.values()].every((balance) => balance === 0n)).toBe(true);
  });

  it('leaves out parts of zero', () => {
    const only = { ...amounts, principal: 100n, interest: 0n, fees: 0n };
    const legs = postingsOf(
      'repayment-allocated',
      { ...only, penalties: 0n, overpayment: 0n },
      loanId,
    );
    expect(legs).toHaveLength(2);
  });

  it('refuses unbalanced and zero legs as an invariant', () => {
    expect(() => {
      assertBalanced(postingsOf('repayment-allocated', { ...amounts, fees: 11n }, loanId));
    }).toThrow('balance');
    expect(() => {
      assertBalanced(postingsOf('capital-injected', { ...amounts, amount: 0n }, null));
    }).toThrow('positive');
  });
});

describe('journal decider', () => {
  it('posts a transaction as one event with all postings', () => {
    const { type, ...data } = post();
    expect(type).toBe('PostTransaction');
    given()
      .when(post())
      .then({
        type: 'TransactionPosted',
        data: {
          ...data,
          postings: [
            { account: 'asset:float', side: 'debit', amount: '1000.00' },
            { account: 'equity:capital', side: 'credit', amount: '1000.00' },
          ],
        },
      });
  });

  it('changes nothing for a repeat', () => {
    given(...eventsOf(post(), emptyJournal()))
      .when(post())
      .then();
  });

  it('changes nothing for a repeat of a refusal', () => {
    const reserve = post({ kind: 'disbursement-reserved' });
    const refused = eventsOf(reserve, emptyJournal());
    expect(refused[0]?.type).toBe('TransactionRefused');
    given(...refused)
      .when(reserve)
      .then();
  });

  it('rejects a known id with another content', () => {
    given(...eventsOf(post(), emptyJournal()))
      .when(post({ requestHash: 'h2' }))
      .thenRejects('ledger/id-reused');
  });

  const refusalsInOrder: readonly [string, Partial<PostCommand>][] = [
    ['ledger/unknown-currency', { currency: 'XQZ', amounts: { amount: '0.00' } }],
    ['ledger/amount-invalid', { amounts: { amount: '0.00' } }],
    ['ledger/amount-invalid', { amounts: { amount: '-5.00' } }],
    ['ledger/amount-invalid', { amounts: { amount: '5.001' } }],
    ['ledger/amount-invalid', { amounts: { amount: '5.00', principal: '-5.00' } }],
    ['ledger/amount-invalid', { currency: 'UGX', amounts: { amount: '5.00' } }],
    ['ledger/parts-do-not-sum', { amounts: { amount: '5.00', principal: '4.99' } }],
    ['ledger/parts-do-not-sum', { kind: 'repayment-allocated', amounts: { amount: '5.00' } }],
    ['ledger/loan-missing', { kind: 'disbursement-paid' }],
    ['ledger/insufficient-funds', { kind: 'disbursement-reserved', loanId }],
  ];
  it.each(refusalsInOrder)('keeps the refusal %s as an event: %j', (code, overrides) => {
    expect(codeOf(post(overrides))).toBe(code);
  });

  it('lets the float fall to zero and not below', () => {
    const reserve = (amount: string) =>
      post({ kind: 'disbursement-reserved', loanId, amounts: { amount } });
    expect(codeOf(reserve('1000.00'), ...capital())).toBe('posted');
    expect(codeOf(reserve('1000.01'), ...capital())).toBe('ledger/insufficient-funds');
  });

  it('does not pay one currency from the float of another', () => {
    const reserve = post({ kind: 'disbursement-reserved', loanId, currency: 'EUR' });
    expect(codeOf(reserve, ...capital())).toBe('ledger/insufficient-funds');
  });
});

const cents = (minor: number): string => (minor / 100).toFixed(2);
const commands = fc.array(
  fc
    .record({
      id: fc.integer({ min: 0, max: 15 }),
      hash: fc.constantFrom('a', 'b'),
      kind: fc.constantFrom<TransactionKind>(
        'capital-injected',
        'disbursement-reserved',
        'disbursement-paid',
        'disbursement-released',
        'repayment-received',
        'repayment-allocated',
      ),
      currency: fc.constantFrom('KES', 'EUR', 'XQZ'),
      parts: fc.array(fc.integer({ min: -1, max: 5_000 }), { minLength: 5, maxLength: 5 }),
      slip: fc.constantFrom(0, 0, 0, 1),
      loan: fc.constantFrom(loanId, null),
    })
    .map(({ id, hash, parts, slip, loan, ...rest }) =>
      post({
        ...rest,
        transactionId: deterministicId('t', String(id)),
        requestHash: hash,
        loanId: loan,
        amounts: {
          amount: cents(parts.reduce((a, b) => a + b, slip)),
          principal: cents(parts[0] ?? 0),
          interest: cents(parts[1] ?? 0),
          fees: cents(parts[2] ?? 0),
          penalties: cents(parts[3] ?? 0),
          overpayment: cents(parts[4] ?? 0),
        },
      }),
    ),
  { maxLength: 60 },
);

describe('journal properties', () => {
  it('keeps every sum at zero and the float at or above it, ignores repeats, and replays to the same state', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        let live = emptyJournal();
        const history: JournalEvent[] = [];
        for (const command of sequence) {
          const events = eventsOf(command, live);
          for (const event of events) {
            expect(storedLegs(event).reduce((sum, leg) => sum + signed(leg), 0n)).toBe(0n);
            live = evolve(live, event);
            history.push(event);
          }
          expect(eventsOf(command, live)).toEqual([]);
          const sums = new Map<string, bigint>();
          for (const [key, balance] of live.balances) {
            const [currency = '', account] = key.split(' ');
            sums.set(currency, (sums.get(currency) ?? 0n) + balance);
            if (account === FLOAT) expect(balance >= 0n).toBe(true);
          }
          for (const sum of sums.values()) expect(sum).toBe(0n);
        }
        expect(history.reduce(evolve, emptyJournal())).toEqual(live);
      }),
      { numRuns: 200 },
    );
  });
});
