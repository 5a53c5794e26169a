import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** Issues access tokens for one test, with a JWKS on loopback: what identity does, without identity. */
export interface TokenIssuer {
  readonly jwksUrl: string;
  token(claims: {
    userId: string;
    tenantId: string;
    roles: readonly string[];
    emailVerified?: boolean;
    sessionId?: string;
    expiresIn?: string;
  }): Promise<string>;
  close(): Promise<void>;
}

/** Starts an issuer with a fresh EdDSA key. */
export const startTokenIssuer = async (): Promise<TokenIssuer> => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'EdDSA', use: 'sig' };
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    jwksUrl: `http://127.0.0.1:${String(port)}/jwks`,
    token: ({
      userId,
      tenantId,
      roles,
      emailVerified = true,
      sessionId = 'session',
      expiresIn = '5m',
    }) =>
      new SignJWT({ tid: tenantId, sid: sessionId, roles, email_verified: emailVerified })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'test', typ: 'at+jwt' })
        .setSubject(userId)
        .setIssuer('daftari')
        .setAudience('daftari')
        .setIssuedAt()
        .setExpirationTime(expiresIn)
        .sign(privateKey),
    close: () =>
      new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      ),
  };
};
