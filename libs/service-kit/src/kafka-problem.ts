/** What became of a start, as people are told. */
export interface KafkaProblem {
  readonly why: string;
  /** Waiting does not help: it was refused, not unreachable. */
  readonly isFinal: boolean;
}

/** Codes that TLS gives for a certificate that does not prove who the broker is. */
const UNTRUSTED =
  /SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_(UNTRUSTED|HAS_EXPIRED|NOT_YET_VALID)|ALTNAME_INVALID/;

const chainOf = (error: unknown): readonly Error[] => {
  if (!(error instanceof Error)) return [];
  const parts = 'errors' in error ? (error.errors as unknown[]) : [];
  return [error, ...parts.flatMap(chainOf), ...chainOf(error.cause)];
};

/** Says why Kafka cannot be used, from what its client threw; no text of it holds a password. */
export const kafkaProblem = (error: unknown, overTls: boolean): KafkaProblem => {
  const chain = chainOf(error);
  const text = chain.at(-1)?.message ?? String(error);
  const all = chain.map((each) =>
    [each.name, each.message, 'code' in each ? each.code : ''].join(),
  );
  const has = (pattern: RegExp): boolean => all.some((each) => pattern.test(each));
  if (has(/SASL|Authorization/i) && !has(/closed|timed? ?out/i))
    return { why: text, isFinal: true };
  if (has(UNTRUSTED))
    return {
      why: `its certificate is not trusted (${text}); KAFKA_SSL_CA names the authority that signed it`,
      isFinal: true,
    };
  const hint = overTls
    ? has(/TLS|SSL|wrong version/i) && '; it seems not to speak TLS (KAFKA_SSL)'
    : has(/closed/i) && '; it may want TLS (KAFKA_SSL)';
  return { why: `${text}${hint || ''}`, isFinal: false };
};
