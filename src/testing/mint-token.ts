import { randomUUID } from 'node:crypto';
import { type NumericDate, systemClock } from '../base/clock.js';
import type { JsonObject } from '../base/json.js';
import {
  type ClientTokenRequest,
  type IssueRequest,
  isClientRequest,
  type UserTokenRequest,
} from '../issue/issue-request.js';
import { createTokenIssuer, type TokenIssuerOptions } from '../issue/token-issuer.js';
import { DEFAULT_RATE_LIMITS } from '../token/claims/rate-limits.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import { createTestKeyRing } from './test-key-ring.js';

/** `issuer` of tokens that `mintToken()` creates by default. The domain `test` is reserved (RFC 6761 §6.2). */
export const TEST_ISSUER = 'https://auth.test';

/** `audience` of tokens that `mintToken()` creates by default. */
export const TEST_AUDIENCE = 'https://api.test';

/** Subject of a user token, unless the test names one. */
const TEST_USER = 'test-user';

/** Client of any other token, and its subject unless a user delegates. The test can name both. */
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
 * application with `createTestKeyRing()`, `TEST_ISSUER` and `TEST_AUDIENCE` accepts for 15 minutes. Every token type has
 * defaults for the claims that it requires.
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
  const now = request.issuedAt ?? (clock ?? systemClock)();
  const { token } = await issue(completeRequest(request, now));
  return token;
}

function completeRequest(request: MintTokenOptions, now: NumericDate): IssueRequest {
  if (!isClientRequest(request)) return { subject: TEST_USER, ...request };
  const isDelegated = request.type === 'delegation';
  const parties = { subject: isDelegated ? TEST_USER : TEST_CLIENT, clientId: TEST_CLIENT, ...request };
  return { ...parties, claims: { ...claimsFor(parties, now), ...request.claims } };
}

/** Claims that the token type requires. The token allows no model, function or endpoint, unless the test names some. */
function claimsFor({ type, subject, clientId }: ClientTokenRequest, now: NumericDate): JsonObject {
  const limits = { rate_limits: DEFAULT_RATE_LIMITS };
  switch (type) {
    case 'tiered_model_exec':
      return { ...limits, allowed_models: [] };
    case 'function_call':
      return { ...limits, allowed_functions: [] };
    case 'api_call':
      return { ...limits, allowed_endpoints: [] };
    case 'delegation':
      return {
        ...{ delegator: subject, delegated_to: clientId, act: { sub: clientId } },
        lineage: [{ jti: randomUUID(), client_id: clientId, sub: subject, iat: Math.floor(now) }],
      };
    default:
      return {};
  }
}
