/** Hides most digits of Kenyan phone numbers in a text. */
export const maskPhones = (text: string): string =>
  text.replace(/\b(254\d{2})\d{4}(\d{3})\b/g, '$1****$2');

/** A body as the activity log may keep it: without the token of our callbacks and without full phone numbers. */
export const forLog = (body: string | undefined, hookToken: string): string | null =>
  body === undefined ? null : maskPhones(body.replaceAll(hookToken, '[redacted]'));
