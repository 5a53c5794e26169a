import { renderTemplate } from './templates.js';

describe('templates', () => {
  it('escape what people typed in HTML and keep it as it is in text', () => {
    const rendered = renderTemplate('application-rejected', {
      name: '<script>alert(1)</script>',
      reason: 'a & b',
      nextSteps: '-',
    });
    expect(rendered.html).not.toContain('<script>');
    expect(rendered.text).toContain('a & b');
  });

  it('never let a value break out of the subject line', () => {
    const rendered = renderTemplate('repayment-success', { receipt: 'X\r\nBcc: all@example.test' });
    expect(rendered.subject).toBe('We received your payment X Bcc: all@example.test');
  });

  it('list every instalment of a paid out loan', () => {
    const installments = [1, 2].map((number) => ({
      number,
      dueOn: `2026-0${String(number)}-28`,
      total: '10.00',
      principal: '9.00',
      interest: '1.00',
    }));
    const { text } = renderTemplate('loan-disbursed', { currency: 'KES', installments });
    expect(text).toContain('1. 2026-01-28  KES 10.00');
    expect(text).toContain('2. 2026-02-28  KES 10.00');
  });

  const EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">{{name}}';
  const everything = {
    ...{ name: EVIL, reason: EVIL, nextSteps: EVIL, receipt: EVIL, accountReference: EVIL },
    ...{ currency: EVIL, amount: EVIL, principal: EVIL, outstanding: EVIL, nextDueOn: EVIL },
    ...{ subject: EVIL, text: EVIL },
    ...{ customerName: EVIL, applicationId: EVIL, verifyUrl: EVIL, firstDueOn: EVIL },
    installments: [{ number: EVIL, dueOn: EVIL, total: EVIL, principal: EVIL, interest: EVIL }],
  };
  it.each([
    'email-verification',
    'loan-disbursed',
    'repayment-success',
    'application-rejected',
    'application-rejected-vendor',
    'announcement',
  ] as const)('%s: nothing that was stored becomes markup or a template', (name) => {
    const { html, text } = renderTemplate(name, everything);
    expect(html).not.toMatch(/<script|<img|onerror="/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('{{name}}');
    expect(text).toContain(EVIL);
  });

  it('keep what proves an address out of the app, and an SMS within two parts', () => {
    expect(renderTemplate('email-verification', {}).inApp).toBe(false);
    const { sms } = renderTemplate('application-rejected', { reason: 'x'.repeat(1_000) });
    expect(sms).toHaveLength(306);
  });
});
