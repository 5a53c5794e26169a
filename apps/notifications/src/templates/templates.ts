import type { QueueName } from '@daftari/service-kit';
import Handlebars from 'handlebars';

/** A rendered message for every channel it goes out on. */
export interface Rendered {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** At most two SMS parts; null: not sent as SMS. */
  readonly sms: string | null;
  /** Shown in the app; never what proves that somebody owns an address. */
  readonly inApp: boolean;
}

interface Template {
  /** How urgent it is: a link that somebody waits for, what happened to a loan, or what goes to many. */
  readonly queue: QueueName;
  readonly subject: string;
  readonly text: string;
  /** The body of the HTML mail; left out: the text with its line breaks. */
  readonly html?: string;
  readonly sms: string | null;
  readonly inApp: boolean;
}

const CELL = 'style="padding:2px 12px 2px 0;text-align:right"';
const SCHEDULE = `<table><thead><tr><th ${CELL}>No.</th><th ${CELL}>Due</th><th ${CELL}>Principal</th><th ${CELL}>Interest</th><th ${CELL}>Total</th></tr></thead><tbody>{{#each installments}}<tr><td ${CELL}>{{number}}</td><td ${CELL}>{{dueOn}}</td><td ${CELL}>{{principal}}</td><td ${CELL}>{{interest}}</td><td ${CELL}>{{../currency}} {{total}}</td></tr>{{/each}}</tbody></table>`;

const TEMPLATES = {
  'email-verification': {
    queue: 'high',
    subject: 'Confirm your e-mail address',
    text: 'Dear {{name}},\n\nplease confirm your e-mail address by opening this link before {{expiresAt}}:\n\n{{verifyUrl}}\n\nIf you did not register, ignore this mail.',
    sms: null,
    inApp: false,
  },
  'loan-disbursed': {
    queue: 'medium',
    subject: 'Your loan {{accountReference}} has been paid out',
    text: 'Dear {{name}},\n\nwe paid out {{currency}} {{principal}} on {{disbursedOn}} (reference {{disbursementReference}}).\n\nYour repayment schedule:\n{{#each installments}}  {{number}}. {{dueOn}}  {{../currency}} {{total}} (principal {{principal}}, interest {{interest}})\n{{/each}}\nPay by M-Pesa with account number {{accountReference}}.',
    html: `<p>Dear {{name}},</p><p>we paid out <b>{{currency}} {{principal}}</b> on {{disbursedOn}} (reference {{disbursementReference}}).</p><p>Your repayment schedule:</p>${SCHEDULE}<p>Pay by M-Pesa with account number <b>{{accountReference}}</b>.</p>`,
    sms: 'Loan {{accountReference}}: {{currency}} {{principal}} paid out, ref {{disbursementReference}}. First due {{firstDueOn}}: {{currency}} {{firstDue}}.',
    inApp: true,
  },
  'repayment-success': {
    queue: 'medium',
    subject: 'We received your payment {{receipt}}',
    text: 'Dear {{name}},\n\nwe received {{currency}} {{amount}} on {{effectiveOn}} (receipt {{receipt}}).\n\nPrincipal {{principal}}, interest {{interest}}, fees {{fees}}, penalties {{penalties}}{{#if hasCredit}}, credit in your favour {{overpayment}}{{/if}}.\nRemaining balance: {{currency}} {{outstanding}}.\n{{#if nextDueOn}}Next due: {{currency}} {{nextDueAmount}} on {{nextDueOn}}.{{else}}Nothing more is due. Thank you.{{/if}}',
    sms: 'Received {{currency}} {{amount}}, ref {{receipt}}. Balance {{currency}} {{outstanding}}.{{#if nextDueOn}} Next {{currency}} {{nextDueAmount}} on {{nextDueOn}}.{{/if}}',
    inApp: true,
  },
  'application-rejected': {
    queue: 'medium',
    subject: 'About your loan application',
    text: 'Dear {{name}},\n\nwe cannot offer you this loan.\n\nReason: {{reason}}\nNext steps: {{nextSteps}}',
    sms: 'Your loan application was not approved: {{reason}}',
    inApp: true,
  },
  'application-rejected-vendor': {
    queue: 'medium',
    subject: "About your customer's loan application",
    text: 'Dear {{name}},\n\nthe loan application {{applicationId}}{{#if customerName}} of {{customerName}}{{/if}}, which names you as the vendor, was not approved.\n\nReason: {{reason}}\nNext steps: {{nextSteps}}',
    sms: null,
    inApp: true,
  },
  announcement: {
    queue: 'low',
    subject: '{{subject}}',
    text: 'Dear {{name}},\n\n{{text}}',
    sms: '{{subject}}: {{text}}',
    inApp: true,
  },
  'announcement-sent': {
    queue: 'medium',
    subject: 'Your announcement "{{subject}}" was sent',
    text: '{{succeeded}} of {{total}} messages were sent{{#if failed}}, {{failed}} could not be sent{{/if}}.',
    sms: null,
    inApp: true,
  },
} as const satisfies Record<string, Template>;

/** A template's name. */
export type TemplateName = keyof typeof TEMPLATES;

/** The queue that a template's mails and SMS wait in. */
export const queueOf = (name: TemplateName): QueueName => TEMPLATES[name].queue;

const render = (
  source: string,
  values: Readonly<Record<string, unknown>>,
  noEscape: boolean,
): string => Handlebars.compile(source, { noEscape, strict: false })(values);
const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ').trim();

/** Renders a template. HTML is escaped; subjects cannot break out of their header line. */
export const renderTemplate = (
  name: TemplateName,
  values: Readonly<Record<string, unknown>>,
): Rendered => {
  const template: Template = TEMPLATES[name];
  const html = template.html
    ? render(template.html, values, false)
    : render(template.text, values, false).replace(/\n/g, '<br>\n');
  return {
    subject: oneLine(render(template.subject, values, true)),
    text: render(template.text, values, true),
    html: `<!doctype html><html lang="en"><body style="font-family:sans-serif">${html}</body></html>`,
    inApp: template.inApp,
    sms: template.sms === null ? null : oneLine(render(template.sms, values, true)).slice(0, 306),
  };
};
