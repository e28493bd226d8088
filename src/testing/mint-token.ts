import {
  type ClientTokenRequest,
  type IssueRequest,
  isClientRequest,
  type UserTokenRequest,
} from '../issue/issue-request.js';
import { createTokenIssuer, type TokenIssuerOptions } from '../issue/token-issuer.js';
import { DEFAULT_RATE_LIMITS } from '../token/claims/rate-limits.js';
import { API_KEY_TYPES } from '../token/claims/token-type-names.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import { createTestKeyRing } from './test-key-ring.js';

/** `issuer` of tokens that `mintToken()` creates by default. The domain `test` is reserved (RFC 6761 §6.2). */
export const TEST_ISSUER = 'https://auth.test';

/** `audience` of tokens that `mintToken()` creates by default. */
export const TEST_AUDIENCE = 'https://api.test';

/** Subject of a user token, unless the test names one. */
const TEST_USER = 'test-user';

/** Client and subject of any other token, unless the test names them. */
const TEST_CLIENT = 'test-client';

/**
 * Settings of the issuer. Set those of the application under test if it does not use the defaults.
 *
 * @inline
 */
interface TestIssuer extends Pick<TokenIssuerOptions, 'signing'> {
  /** @default createTestKeyRing() */
  readonly keyRing?: TokenIssuerOptions['keyRing'];
  /** @default TEST_ISSUER */
  readonly issuer?: TokenIssuerOptions['issuer'];
  /** @default the system clock */
  readonly clock?: TokenIssuerOptions['clock'];
}

/**
 * Options of `mintToken()`: those of `issue()`, and settings of the issuer. All have a default: `subject` of a user token
 * is `test-user`, and `subject` and `clientId` of all other tokens are `test-client`.
 *
 * @typeParam Claims custom claims of user tokens
 */
export type MintTokenOptions<Claims extends object = NoClaims> = TestIssuer &
  (
    | (Omit<UserTokenRequest<Claims>, 'subject'> & Partial<Pick<UserTokenRequest<Claims>, 'subject'>>)
    | (Omit<ClientTokenRequest, 'subject' | 'clientId'> &
        Partial<Pick<ClientTokenRequest, 'subject' | 'clientId'>>)
  );

/**
 * Create an access token for a test. Without options, it is a token for the user `test-user`, without scope, that an
 * application with `createTestKeyRing()`, `TEST_ISSUER` and `TEST_AUDIENCE` accepts for 15 minutes.
 *
 * @typeParam Claims custom claims of user tokens
 * @throws TypeError (as rejection) for an unknown or malformed option
 * @throws Error (as rejection) if `NODE_ENV` is `production` and there is no `keyRing`
 *
 * @example
 * const token = await mintToken({ scope: 'read:documents', claims: { tenant: 'acme' } });
 * await request(app).get('/documents').auth(token, { type: 'bearer' }).expect(200);
 *
 * @example
 * // Tokens that the application must reject
 * const expired = await mintToken({ clock: createTestClock(Date.now() / 1000 - 3600) });
 * const forAnotherApi = await mintToken({ audience: 'https://other.test' });
 */
export function mintToken(): Promise<string>;
export function mintToken<Claims extends object = NoClaims>(
  options: MintTokenOptions<Claims>,
): Promise<string>;
export async function mintToken(options: MintTokenOptions = {}): Promise<string> {
  const { keyRing = createTestKeyRing(), issuer = TEST_ISSUER, signing, clock, ...request } = options;
  const { issue } = createTokenIssuer({
    ...{ keyRing, issuer, audience: TEST_AUDIENCE },
    ...(signing === undefined ? {} : { signing }),
    ...(clock === undefined ? {} : { clock }),
  });
  const { token } = await issue(completeRequest(request));
  return token;
}

function completeRequest(request: MintTokenOptions): IssueRequest {
  if (!isClientRequest(request)) return { subject: TEST_USER, ...request };
  const hasLimits = API_KEY_TYPES.some((type) => type === request.type);
  const claims = { ...(hasLimits && { rate_limits: DEFAULT_RATE_LIMITS }), ...request.claims };
  return { subject: TEST_CLIENT, clientId: TEST_CLIENT, ...request, claims };
}
