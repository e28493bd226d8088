import * as openid from 'openid-client';
import { findFreePort, startProgram, untilListening } from '../processes.js';
import { followRedirects } from './follow-redirects.js';

const REDIRECT_URI = 'https://portal.example.com/callback';

/** Claims of the people who can sign in, by sign-in name. */
export type Accounts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** An OpenID provider of the package oidc-provider, in a separate process. */
export interface OpenIdProvider {
  /** `http://127.0.0.1:<port>`. */
  readonly issuer: string;
  /** Sign in a person at a client, by authorization code with PKCE and nonce. Returns the tokens, verified by openid-client. */
  signIn(name: string, clientId?: 'portal' | 'other'): Promise<openid.TokenEndpointResponse>;
  close(): Promise<void>;
}

export async function startOpenIdProvider(accounts: Accounts): Promise<OpenIdProvider> {
  const port = await findFreePort();
  const args = [String(port), REDIRECT_URI, JSON.stringify(accounts)];
  const program = startProgram('test/support/programs/openid-provider.js', {}, { args });
  await untilListening(program, port);
  const issuer = `http://127.0.0.1:${port}`;
  return {
    issuer,
    async signIn(name, clientId = 'portal') {
      const client = await openid.discovery(new URL(issuer), clientId, undefined, openid.None(), {
        execute: [openid.allowInsecureRequests],
      });
      const pkceCodeVerifier = openid.randomPKCECodeVerifier();
      const expectedNonce = openid.randomNonce();
      const expectedState = openid.randomState();
      const url = openid.buildAuthorizationUrl(client, {
        ...{ redirect_uri: REDIRECT_URI, scope: 'openid', login_hint: name, code_challenge_method: 'S256' },
        ...{ nonce: expectedNonce, state: expectedState },
        code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      });
      const callback = await followRedirects(url.href, REDIRECT_URI);
      const checks = { pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true };
      return openid.authorizationCodeGrant(client, callback, checks);
    },
    async close() {
      program.process.kill('SIGKILL');
      await program.ended;
    },
  };
}
