import type { ApiKey } from '../../api-keys/api-key.js';
import { InvalidRequestError, InvalidScopeError } from '../../base/errors.js';
import type { RefreshFamilies } from '../../sessions/refresh-contract.js';
import { formatScope } from '../../token/claims/scope.js';
import { audiencesOf, chooseAudience } from './choose-audience.js';
import type { Grant, GrantContext, GrantParameters, TokenResponse } from './grant.js';
import {
  type AccessTokenRequest,
  type ClaimsHook,
  issueAccessToken,
  issueServiceToken,
  noClaims,
} from './issue-access-token.js';
import { narrowScope } from './narrow-scope.js';
import { type RequestedScope, readRequestedScope } from './offline-access.js';

/**
 * Printable and short: these identities are stored, logged and sent in tokens. `.` and `..` would vanish from the path
 * of a URL, and with them the difference between one session and all.
 */
const IDENTITY = /^(?!\.{1,2}$)[\x21-\x7e]{1,128}$/;

export interface ClientCredentialsParts {
  /** Default: no claims are added. */
  readonly claimsHook?: ClaimsHook;
  /** Where refresh tokens come from. Default: there are none. */
  readonly families?: RefreshFamilies;
}

/**
 * RFC 6749 section 4.4: a client exchanges its own credentials, here an API key, for an access token, and with the
 * flag `offline_access` in `scope` for a refresh token too.
 */
export function clientCredentialsGrant({
  claimsHook = noClaims,
  families,
}: ClientCredentialsParts = {}): Grant {
  return {
    grantType: 'client_credentials',
    parameters: ['scope', 'audience', 'resource', 'user', 'session_id', 'device_id'],
    async handle(context: GrantContext) {
      const { apiKey, parameters, defaultAudience } = context;
      const allowed = audiencesOf(apiKey, defaultAudience);
      const audience = chooseAudience(parameters, allowed, apiKey.serviceAudiences);
      const requested = readRequestedScope(parameters.get('scope'));
      const scope = narrowScope(requested.scope, apiKey.permissions);
      if (apiKey.serviceAudiences.includes(audience)) {
        assertServiceRequest(parameters, requested);
        return issueServiceToken(context, { scope, audience }, claimsHook);
      }
      const identities = readIdentities(apiKey, parameters);
      const request = { scope, audience, ...identities };
      if (!requested.isOffline) return issueAccessToken(context, request, claimsHook);
      let response: TokenResponse | undefined;
      const { refreshToken } = await beginSession(request, { context, families }, async (sessionId) => {
        response = await issueAccessToken(context, { ...request, sessionId }, claimsHook);
      });
      if (response === undefined) throw new TypeError('The access token was not prepared');
      return { ...response, refresh_token: refreshToken };
    },
  };
}

interface SessionParts {
  readonly context: GrantContext;
  readonly families: RefreshFamilies | undefined;
}

function beginSession(
  { scope, audience, user, sessionId, deviceId }: AccessTokenRequest,
  { context: { apiKey, origin }, families }: SessionParts,
  prepare: (sessionId: string) => Promise<void>,
) {
  if (families === undefined || apiKey.refreshTokens === 'off') {
    throw new InvalidScopeError('This API key gets no refresh tokens');
  }
  if (apiKey.refreshTokens === 'public' && deviceId === undefined) {
    throw new InvalidRequestError('A refresh token of this API key is for one device; name it by device_id');
  }
  const start = {
    clientId: apiKey.keyId,
    subject: user ?? apiKey.keyId,
    subjectAsserted: user !== undefined,
    audience,
    scope: formatScope(scope),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(deviceId === undefined ? {} : { deviceId }),
  };
  return families.begin(start, origin.ip, prepare);
}

/** A service speaks for itself, and asks again rather than keep a session. */
function assertServiceRequest(parameters: GrantParameters, { isOffline }: RequestedScope): void {
  if (isOffline) throw new InvalidScopeError('There are no refresh tokens for service tokens');
  if (['user', 'session_id', 'device_id'].some((name) => parameters.has(name))) {
    throw new InvalidRequestError('A service token is for no user, session or device');
  }
}

function readIdentities(apiKey: ApiKey, parameters: GrantParameters) {
  const user = parameters.get('user');
  const sessionId = parameters.get('session_id');
  const deviceId = parameters.get('device_id');
  for (const identity of [user, sessionId, deviceId]) {
    if (identity !== undefined && !IDENTITY.test(identity)) {
      throw new InvalidRequestError('user, session_id and device_id are 1 to 128 printable ASCII characters');
    }
  }
  if (user !== undefined && !apiKey.users)
    throw new InvalidRequestError('This API key may not assert a user');
  if (user === apiKey.keyId)
    throw new InvalidRequestError('The key_id names the API key itself, never a user');
  return {
    ...(user === undefined ? {} : { user }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(deviceId === undefined ? {} : { deviceId }),
  };
}
