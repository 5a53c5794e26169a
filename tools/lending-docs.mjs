// Writes docs/lending.md and its pictures by running the calculator; with --check it only compares.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  allocationSentences,
  amountText,
  creditFlows,
  DAY_COUNTS,
  daysBy,
  effectiveAnnualRate,
  euApr,
  explainAllocation,
  explainProduct,
  floatingRate,
  latePenalty,
  openLoan,
  productTable,
  ratioText,
  regZApr,
  ROLL_CONVENTIONS,
  rollDate,
  sentenceOf,
  yearFraction,
} from '@daftari/lending-math';

const folder = new URL('../docs/', import.meta.url);
const DECIMALS = 2;
const money = (minor) => amountText(minor, DECIMALS);

const base = {
  currency: 'KES',
  decimals: DECIMALS,
  principalMinor: 12_000_000n,
  annualRatePercent: '24',
  numberOfInstallments: 6,
  repaymentEvery: { n: 1, unit: 'months' },
  disbursementDate: '2026-01-31',
  dayCount: '30e/360',
  roundingMode: 'HALF_EVEN',
};
const of = (changes) => ({ ...base, ...changes });

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const scheduleTable = (terms) =>
  table(
    ['', 'date', 'principal', 'interest', 'fees', 'balance'],
    productTable(terms).map((row) =>
      row.type === 'disbursement'
        ? [
            'paid out',
            row.date,
            money(row.amountMinor + row.capitalisedMinor),
            '',
            money(row.feesMinor),
            money(row.balanceMinor),
          ]
        : [
            row.type === 'down_payment' ? `${row.n}, down payment` : `${row.n}`,
            row.dueDate,
            money(row.principalMinor),
            money(row.interestMinor),
            money(row.feesMinor),
            money(row.balanceMinor),
          ],
    ),
  );

const rates = (terms) => {
  const flows = creditFlows(productTable(terms));
  return `APR: EU ${euApr(flows, 2)} %, US ${regZApr(flows)} %.`;
};

const PRODUCTS = [
  [
    'flat',
    'Flat',
    'Interest on what was lent, whatever was repaid of it, spread evenly; so is principal.',
    {},
  ],
  [
    'declining_balance',
    'Declining balance',
    'Interest on what is left; all installments are alike, the last one takes what rounding left.',
    {},
  ],
  [
    'equal_principal',
    'Equal principal',
    'Principal is alike, interest falls with the balance.',
    {},
  ],
  [
    'interest_only',
    'Interest only',
    'Interest with every installment, all principal with the last.',
    {},
  ],
  [
    'bullet',
    'Bullet',
    'Principal and interest with the last installment; interest put off bears none itself.',
    {},
  ],
  [
    'balloon',
    'Balloon',
    'Level installments that leave a share of the loan, here 40 %, to the last one.',
    { balloonPercent: '40' },
  ],
  [
    'step_up',
    'Step-up',
    'Installments rise by a percentage after every so many, here by 10 % after every two; a negative one steps down.',
    { step: { every: 2, percent: '10' } },
  ],
];

const VARIANTS = [
  [
    'Irregular due dates',
    'Any ascending dates; interest by the days between them.',
    {
      kind: 'declining_balance',
      dayCount: 'actual/365',
      numberOfInstallments: 3,
      dueDates: ['2026-02-20', '2026-06-01', '2026-06-30'],
    },
  ],
  [
    'Grace of principal',
    'Two installments with interest only.',
    { kind: 'declining_balance', gracePrincipal: 2 },
  ],
  [
    'Grace of interest payment',
    'Interest of the first two installments is due with the third.',
    { kind: 'equal_principal', graceInterest: 2 },
  ],
  [
    'Interest-free periods',
    'The first two periods bear no interest, and the level knows it.',
    { kind: 'declining_balance', interestFreePeriods: 2 },
  ],
  [
    'Down payment',
    '20 % of each tranche is due on its own day, free of interest.',
    { kind: 'declining_balance', downPaymentPercent: '20' },
  ],
  [
    'Several disbursements',
    'A second tranche bears interest from its day; the installments after it are set anew.',
    {
      kind: 'declining_balance',
      dayCount: 'actual/365',
      disbursements: [
        { date: '2026-01-31', amountMinor: 8_000_000n },
        { date: '2026-03-15', amountMinor: 4_000_000n },
      ],
    },
  ],
  [
    'Fees',
    'A fee with the money, one lent on top, one with every installment, one on a date.',
    {
      kind: 'declining_balance',
      fees: [
        { name: 'application', amountMinor: 150_000n, due: 'at_disbursement' },
        { name: 'insurance', percent: '1', of: 'lent', due: 'capitalised' },
        { name: 'service', percent: '0.25', of: 'balance', due: 'each_installment' },
        { name: 'visit', amountMinor: 50_000n, due: '2026-04-10' },
      ],
    },
  ],
  [
    'Interest pause',
    'No interest from 28 February to 15 April; the installment stays, the last one is lower.',
    {
      kind: 'declining_balance',
      dayCount: 'actual/365',
      pauses: [{ from: '2026-02-28', to: '2026-04-15' }],
    },
  ],
  [
    'Business days',
    'Sundays and Christmas move due dates by `modified_following`; interest runs to the moved date.',
    {
      kind: 'interest_only',
      dayCount: 'actual/365',
      calendar: { weekend: ['sunday'], holidays: [], yearly: ['12-25'] },
      roll: 'modified_following',
    },
  ],
];

const fixings = [
  { date: '2025-12-15', percent: '10.5' },
  { date: '2026-03-15', percent: '11.75' },
  { date: '2026-05-15', percent: '16' },
];
const floating = { marginPercent: '12', capPercent: '25' };
const floated = floatingRate(floating, base.disbursementDate, fixings);
VARIANTS.push([
  'Floating rate',
  `Index plus 12, at most 25: ${[floated.annualRatePercent, ...floated.rateChanges.map((c) => `${c.annualRatePercent} from ${c.effectiveDate}`)].join(', ')}.`,
  { kind: 'declining_balance', ...floated },
]);

const DAY_COUNT_SOURCES = {
  '30/360_us': '2006 ISDA Definitions 4.16(f), bond basis; MSRB rule G-33',
  '30e/360': '2006 ISDA Definitions 4.16(g), Eurobond basis',
  'actual/360': '2006 ISDA Definitions 4.16(e)',
  'actual/365': '2006 ISDA Definitions 4.16(d), fixed',
  'actual/actual': '2006 ISDA Definitions 4.16(b)',
};

const PICTURES = ['flat', 'declining_balance', 'interest_only', 'balloon', 'step_up'];
const COLOUR = '#1f6f54';

/** The balance of a loan over time: it stays between dates and falls on each. */
const picture = (kind, title, changes) => {
  const terms = of({ ...changes, kind, numberOfInstallments: 12 });
  const points = productTable(terms).map((row) => [
    row.type === 'disbursement' ? row.date : row.dueDate,
    row.balanceMinor,
  ]);
  const days = (date) => daysBy('actual/365', base.disbursementDate, date);
  const [width, height, left, top, bottom] = [640, 260, 84, 34, 34];
  const end = days(points.at(-1)[0]);
  const x = (date) => Math.round(left + (days(date) * (width - left - 16)) / end);
  const y = (minor) =>
    Math.round(
      height - bottom - (Number(minor) * (height - top - bottom)) / Number(terms.principalMinor),
    );
  const steps = points
    .slice(1)
    .map(([date, minor]) => `H${x(date)}V${y(minor)}`)
    .join('');
  const lines = [0n, 1n, 2n, 3n, 4n].map((quarter) => {
    const minor = (terms.principalMinor * quarter) / 4n;
    return `  <line x1="${left}" y1="${y(minor)}" x2="${width - 16}" y2="${y(minor)}" stroke="#d9d9d9"/>
  <text x="${left - 8}" y="${y(minor) + 4}" text-anchor="end">${money(minor)}</text>`;
  });
  const marks = [points[0][0], points[6][0], points.at(-1)[0]].map(
    (date, i) =>
      `  <text x="${x(date)}" y="${height - 12}" text-anchor="${['start', 'middle', 'end'][i]}">${date}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">
  <title>${title}: balance over time</title>
  <rect width="${width}" height="${height}" fill="#ffffff"/>
  <text x="${left}" y="20" font-weight="bold">${title}: principal owed</text>
${lines.join('\n')}
  <path d="M${x(points[0][0])} ${y(points[0][1])}${steps}" fill="none" stroke="${COLOUR}" stroke-width="2"/>
${marks.join('\n')}
</svg>
`;
};

const files = new Map();
for (const kind of PICTURES) {
  const [, title, , changes] = PRODUCTS.find(([name]) => name === kind);
  files.set(`lending/${kind}.svg`, picture(kind, title, changes));
}

const productSections = PRODUCTS.map(([kind, title, text, changes]) => {
  const terms = of({ kind, ...changes });
  const image = PICTURES.includes(kind)
    ? `\n\n![${title}: balance over a year](lending/${kind}.svg)`
    : '';
  return `### ${title}

${text} \`kind: '${kind}'\`. ${rates(terms)}

${scheduleTable(terms)}${image}`;
});

const variantSections = VARIANTS.map(
  ([title, text, changes]) => `### ${title}\n\n${text}\n\n${scheduleTable(of(changes))}`,
);

const PAIRS = [
  ['2026-01-31', '2026-02-28'],
  ['2026-02-28', '2026-03-31'],
  ['2027-12-01', '2028-03-01'],
];
const dayCounts = table(
  ['day count', 'definition', ...PAIRS.map(([from, to]) => `${from} to ${to}`)],
  DAY_COUNTS.map((name) => [
    `\`${name}\``,
    DAY_COUNT_SOURCES[name],
    ...PAIRS.map(
      ([from, to]) =>
        `${daysBy(name, from, to)} days, ${ratioText(yearFraction(name, from, to), 8)}`,
    ),
  ]),
);

const calendar = { weekend: ['saturday', 'sunday'], holidays: [], yearly: ['12-25', '12-26'] };
const rolls = table(
  ['convention', '2026-05-30 (Saturday)', '2026-08-01 (Saturday)', '2026-12-25'],
  ROLL_CONVENTIONS.map((roll) => [
    `\`${roll}\``,
    ...['2026-05-30', '2026-08-01', '2026-12-25'].map((d) => rollDate(calendar, d, roll)),
  ]),
);

const ORDERS = [
  'penalty_fee_interest_principal',
  'interest_principal_penalty_fee',
  'principal_interest_penalty_fee',
  'due_pfip_then_advance_ppfi',
  'due_pipf_then_advance_pipf',
];
const loan = openLoan({
  ...base,
  convention: 'product',
  daysInYear: '360',
  daysInMonth: '30',
  product: { kind: 'equal_principal', dayCount: '30e/360' },
});
const orders = ORDERS.map((strategy) => {
  const explained = explainAllocation(
    loan,
    { date: '2026-03-10', amountMinor: 4_000_000n },
    { strategy },
  );
  return `\`${strategy}\`\n\n${allocationSentences(explained, DECIMALS)
    .map((s) => `- ${s}`)
    .join('\n')}`;
});

const rule = {
  charge: { type: 'yearly_rate', percent: '12', dayCount: 'actual/365' },
  basis: 'overdue_installment',
  toleranceDays: 5,
  countFrom: 'due_date',
  capPercent: '3',
  roundingMode: 'HALF_EVEN',
};
const overdue = {
  principalMinor: 2_000_000n,
  interestMinor: 240_000n,
  feesMinor: 0n,
  penaltiesMinor: 0n,
};
const penalties = table(
  ['paid', 'days', 'penalty'],
  ['2026-03-05', '2026-03-06', '2026-04-28', '2026-09-01'].map((to) => {
    const penalty = latePenalty(rule, '2026-02-28', [{ from: '2026-02-28', to, overdue }]);
    return [
      to,
      `${penalty.days}`,
      `${money(penalty.amountMinor)}${penalty.cappedAtMinor === null ? '' : ' (the cap)'}`,
    ];
  }),
);

const explained = explainProduct(of({ kind: 'declining_balance', dayCount: 'actual/365' }));

files.set(
  'lending.md',
  `# Lending

What \`libs/lending-math\` calculates and by which rules. Every figure here is made by the calculator: \`npm run docs:lending\`
writes this page and its pictures, and \`npm run check\` fails when they differ from what it would write.

## Conventions

- Amounts are whole minor units; rates are decimal strings in percent; in between, fractions are exact. Level installments
  are solved to 30 decimals, annual percentage rates to 15.
- Due dates count from the disbursement (or a seed date), never from the due date before: a loan of the 31st returns to it.
- Interest of a period is the sum of balance x rate x part of the year over its stretches, rounded once. A stretch ends
  where money goes out, the rate changes, or a pause begins or ends.
- The last installment takes what rounding left. No part of an installment is ever negative.
- Interest that an installment cannot hold is carried to the next one and bears none itself.
- Schedules of other systems have conventions of their own: \`progressive\` and \`cumulative\` (Apache Fineract),
  \`remaining_balance_level\` (OpenCBS), \`level_payment_final_not_higher\` (FSharp.Finance.Personal). The library's README
  says how many of their figures come out the same. The products below are the convention \`product\`.

## Products

All examples lend ${money(base.principalMinor)} on ${base.disbursementDate} at ${base.annualRatePercent} % a year, six months, \`${base.dayCount}\`, unless they say
otherwise; the pictures show twelve months. A product is a description (what bears interest, what is alike in all installments,
what waits for the end); one engine reads it.

${productSections.join('\n\n')}

## What products leave open

Everything here goes with every product. Fees are in the table of a product; a running loan takes them as charges.

${variantSections.join('\n\n')}

### Frequencies and currencies

\`repaymentEvery\` is any number of days, weeks or months: daily, weekly, every two weeks, monthly, quarterly. Amounts have 0 to 4
decimals; installments can be rounded to a multiple (\`installmentAmountInMultiplesOf\`).

### Penalties

A rule says what is charged (once, a percentage once, an amount a day, a rate a year), on what, after how many days of tolerance,
from which amount on, and its cap. Here: 12 % a year on overdue principal and interest, five days of tolerance, at most 3 %, for
${money(overdue.principalMinor + overdue.interestMinor)} due on 2026-02-28.

${penalties}

## Day counts

${dayCounts}

## Business days

${rolls}

Sources: 2006 ISDA Definitions 4.12; FpML, business day convention scheme. Here weekends are Saturday and Sunday, and 25 and
26 December are holidays.

## Annual rates

- EU: Directive 2008/48/EC annex I. Intervals are whole years, months or weeks counted back from the later date, and days of the
  year before them (Commission guidelines, SWD(2012) 128).
- US: 12 CFR 1026 (Regulation Z) appendix J, actuarial method, with its unit-periods.
- Effective annual rate: 24 % a year, compounded monthly, is ${effectiveAnnualRate('24', 12)} %.

## Allocation

A payment is split by an order that the product names, or by rules of its own (each of past due, due and in advance, times
penalty, fee, interest and principal; by installment or by part). Here 40000.00 is paid on 2026-03-10 on the loan of equal principal
above.

${orders.join('\n\n')}

## Explanations

Every installment of a product or of a \`progressive\` schedule, and every part of a payment, says what made it. The figures can
be made again from what it says alone.

${explained
  .slice(0, 2)
  .map((row) => `> ${sentenceOf(row, DECIMALS)}`)
  .join('\n>\n')}
`,
);

const stale = [...files].filter(([name, text]) => {
  try {
    return readFileSync(new URL(name, folder), 'utf8') !== text;
  } catch {
    return true;
  }
});
if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    process.stderr.write(
      `docs/${stale.map(([name]) => name).join(', docs/')} differ: run npm run docs:lending\n`,
    );
    process.exit(1);
  }
} else {
  mkdirSync(new URL('lending/', folder), { recursive: true });
  for (const [name, text] of stale) writeFileSync(new URL(name, folder), text);
  process.stdout.write(`${stale.length} of ${files.size} files written\n`);
}
