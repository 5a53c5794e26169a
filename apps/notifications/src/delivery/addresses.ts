/**
 * What a provider said without the addresses and phone numbers in it: operators read it, and it stands in logs. A mail
 * server answers `550 5.1.1 <asha@example.test> no such user`.
 */
export const withoutAddresses = (text: string): string =>
  text.replace(/[^\s<>"']+@[^\s<>"']+/g, '[address]').replace(/\+?\d{9,15}/g, '[number]');
