import type { ApiKey } from '../api-keys/api-key.js';
import { isExpired } from '../api-keys/api-key-registry.js';
import { claimsByKeyType } from '../api-keys/claims-by-key-type.js';
import { copyCustomClaims } from '../claims/build-claims-set.js';
import type { JsonObject } from '../claims/json.js';
import { formatScope, parseScope } from '../claims/scope.js';
import {
  InvalidClientError,
  InvalidRequestError,
  InvalidScopeError,
  InvalidTargetError,
  JweError,
} from '../errors.js';
import type { Grant, GrantContext, GrantParameters, RequestOrigin } from './grant.js';

/** What a token request asks for, as the `claims` hook sees it. */
export interface ClaimsContext extends RequestOrigin {
  /** Scope that the token will have. */
  readonly scope: readonly string[];
  readonly audience: string;
  /** User that the API key asserts. */
  readonly user?: string;
  readonly sessionId?: string;
  readonly deviceId?: string;
}

/**
 * Adds claims of the application's own to a token. The API key comes without its secret.
 * @returns a JSON object whose names are none that this package reads or writes.
 */
export type ClaimsHook = (apiKey: ApiKey, context: ClaimsContext) => JsonObject | Promise<JsonObject>;

/** Printable and short: these identities are stored, logged and sent in tokens. */
const IDENTITY = /^[\x21-\x7e]{1,128}$/;

/** RFC 6749 section 4.4: a client exchanges its own credentials, here an API key, for an access token. */
export function clientCredentials(claimsHook: ClaimsHook = () => ({})): Grant {
  return {
    grantType: 'client_credentials',
    parameters: ['scope', 'audience', 'resource', 'user', 'session_id', 'device_id'],
    async handle({ tokens, apiKey, parameters, defaultAudience, origin, clock }: GrantContext) {
      const now = clock();
      const audience = chooseAudience(apiKey, parameters, defaultAudience);
      const scope = narrowScope(apiKey, parameters.get('scope'));
      const identities = readIdentities(apiKey, parameters);
      const custom = await askHook(claimsHook, apiKey, { scope, audience, ...identities, ...origin });
      if (isExpired(apiKey, clock())) throw new InvalidClientError('expired');
      const { user, sessionId } = identities;
      const issued = await tokens.issue({
        type: apiKey.type,
        audience,
        subject: user ?? apiKey.keyId,
        subjectAsserted: user !== undefined,
        clientId: apiKey.keyId,
        scope,
        issuedAt: now,
        lifetimeSeconds: chooseLifetime(apiKey, scope, now),
        claims: {
          ...copyCustomClaims(custom),
          ...claimsByKeyType(apiKey),
          ...(sessionId === undefined ? {} : { session_id: sessionId }),
        },
        ...(origin.ip === undefined ? {} : { ip: origin.ip }),
      });
      return {
        access_token: issued.token,
        token_type: 'Bearer',
        expires_in: issued.expiresInSeconds,
        ...(scope.length === 0 ? {} : { scope: formatScope(scope) }),
      };
    },
  };
}

/** What the hook says of the request stands; whatever else it throws, a `status` included, is its own fault. */
async function askHook(hook: ClaimsHook, apiKey: ApiKey, context: ClaimsContext): Promise<JsonObject> {
  try {
    return await hook(apiKey, context);
  } catch (cause) {
    throw cause instanceof JweError ? cause : new Error('The claims hook failed', { cause });
  }
}

/** One audience a token: the one asked for (RFC 8707 section 2), or the only one that there is. */
function chooseAudience(apiKey: ApiKey, parameters: GrantParameters, defaultAudience: string): string {
  const audience = parameters.get('audience');
  const resource = parameters.get('resource');
  const allowed = apiKey.audiences.length > 0 ? apiKey.audiences : [defaultAudience];
  if (audience !== undefined && resource !== undefined && audience !== resource) {
    throw new InvalidTargetError('audience and resource differ');
  }
  const requested = audience ?? resource;
  const [only, ...others] = allowed;
  if (requested === undefined && only !== undefined && others.length === 0) return only;
  if (requested === undefined) throw new InvalidTargetError('This API key has several audiences; name one');
  if (!allowed.includes(requested)) throw new InvalidTargetError();
  return requested;
}

/** The scope asked for, which must be within the permissions of the key; all of them where none is asked for. */
function narrowScope(apiKey: ApiKey, requested: string | undefined): readonly string[] {
  if (requested === undefined) return apiKey.permissions;
  const scope = parseScope(requested);
  if (scope === undefined) throw new InvalidScopeError('The scope is malformed');
  if (!scope.every((token) => apiKey.permissions.includes(token))) throw new InvalidScopeError();
  return scope;
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
  return {
    ...(user === undefined ? {} : { user }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(deviceId === undefined ? {} : { deviceId }),
  };
}

/** The shortest of the key's own and those of the scope; and no token outlives its key. */
function chooseLifetime(apiKey: ApiKey, scope: readonly string[], now: number): number {
  const byScope = scope.map((token) => apiKey.scopeTtlSeconds.get(token) ?? apiKey.tokenTtlSeconds);
  const untilKeyExpires = (apiKey.expiresAt ?? Number.POSITIVE_INFINITY) - now;
  return Math.min(apiKey.tokenTtlSeconds, untilKeyExpires, ...byScope);
}
