import { freezeJson, type JsonObject } from '../base/json.js';
import { normalizeDn } from '../directory/normalize-dn.js';
import { keepVerificationKeys } from '../keys/verification-keys.js';
import { keyIdOfName } from '../token/claims/key-id-of-name.js';
import type { RateLimits, UserLimits } from '../token/claims/rate-limits.js';
import type {
  ApiKey,
  ClientAssertionRules,
  DelegationRules,
  GroupPermissions,
  IdTokenRule,
  WorkloadRule,
} from './api-key.js';
import { resolveModel } from './resolve-model.js';
import type { ApiKeyFile } from './schema.js';

/**
 * Convert a validated file to a deeply frozen API key.
 *
 * @returns the API key, or `undefined` if the file has no `key_id` and its `name` contains no characters for one.
 */
export function resolveApiKey(file: ApiKeyFile): ApiKey | undefined {
  const keyId = file.key_id ?? keyIdOfName(file.name);
  if (keyId === '') return undefined;
  return Object.freeze({
    keyId,
    name: file.name,
    type: file.type,
    active: file.active,
    ...(file.expires_at === undefined ? {} : { expiresAt: file.expires_at }),
    ...(file.previous_api_key === undefined
      ? {}
      : { previousKeyExpiresAt: file.previous_api_key.expires_at }),
    ...resolveAssertions(file),
    ...resolveCertificates(file),
    audiences: Object.freeze(file.audiences),
    serviceAudiences: Object.freeze(file.service_audiences),
    introspects: Object.freeze(file.introspects),
    permissions: Object.freeze(file.permissions),
    tokenTtlSeconds: file.token_ttl,
    scopeTtlSeconds: new Map(Object.entries(file.scope_ttl)),
    rateLimits: resolveRateLimits(file.rate_limits),
    metadata: freezeMetadata(file.metadata),
    metadataClaims: Object.freeze(file.metadata_claims ?? Object.keys(file.metadata)),
    users: typeof file.users === 'boolean' ? file.users : Object.freeze(file.users),
    groupPermissions: resolveGroupPermissions(file.group_permissions),
    refreshTokens: file.refresh_tokens,
    dpop: file.dpop,
    ...(file.surplus_scopes === undefined ? {} : { surplusScopes: file.surplus_scopes }),
    ...(file.delegation === undefined ? {} : { delegation: resolveDelegation(file.delegation, keyId) }),
    workloads: Object.freeze(file.workloads.map(resolveWorkload)),
    idTokens: Object.freeze(file.id_tokens.map(resolveIdTokens)),
    models: Object.freeze(file.models.map(resolveModel)),
    functions: Object.freeze(file.functions),
    endpoints: Object.freeze(file.endpoints),
  });
}

/** Normalize the names of the groups. The schema accepts only names that can be normalized. */
function resolveGroupPermissions(permissions: ApiKeyFile['group_permissions']): GroupPermissions {
  const groups = Object.entries(permissions).map(([dn, scopes]) => [
    normalizeDn(dn) ?? '',
    Object.freeze([...scopes]),
  ]);
  return Object.freeze(Object.fromEntries(groups));
}

function resolveAssertions({ jwks, jwks_uri: jwksUri, assertion_audience: audience }: ApiKeyFile): {
  assertions?: ClientAssertionRules;
} {
  if (jwks === undefined && jwksUri === undefined) return {};
  const assertions = {
    ...(jwks === undefined ? {} : { keys: keepVerificationKeys(jwks.keys.map(({ key }) => key)) }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(audience === undefined ? {} : { audience }),
  };
  return { assertions: Object.freeze(assertions) };
}

function resolveCertificates({
  tls_client_auth: subject,
  self_signed_tls_client_auth: registered,
  tls_client_certificate_bound_access_tokens: isBound,
  jwks,
}: ApiKeyFile): Pick<ApiKey, 'certificates' | 'certificateBoundTokens'> {
  const bound = isBound === undefined ? {} : { certificateBoundTokens: isBound };
  if (subject !== undefined) {
    return { ...bound, certificates: Object.freeze({ method: 'tls_client_auth', subject }) };
  }
  if (registered === undefined) return bound;
  const inKeys = (jwks?.keys ?? []).flatMap(({ thumbprint }) =>
    thumbprint === undefined ? [] : [thumbprint],
  );
  const thumbprints = Object.freeze([...(registered.thumbprints ?? []), ...inKeys]);
  return { ...bound, certificates: Object.freeze({ method: 'self_signed_tls_client_auth', thumbprints }) };
}

function freezeMetadata(metadata: JsonObject): JsonObject {
  freezeJson(metadata, Number.POSITIVE_INFINITY);
  return metadata;
}

function resolveWorkload({
  issuer,
  subject,
  claims = {},
  users,
}: ApiKeyFile['workloads'][number]): WorkloadRule {
  freezeJson(claims, Number.POSITIVE_INFINITY);
  return Object.freeze({ issuer, subject, claims, users });
}

function resolveIdTokens({
  issuer,
  audiences,
  claims = {},
  group_permissions: permissions,
}: ApiKeyFile['id_tokens'][number]): IdTokenRule {
  freezeJson(claims, Number.POSITIVE_INFINITY);
  const rule = { issuer, audiences: Object.freeze(audiences), claims };
  if (permissions === undefined) return Object.freeze(rule);
  freezeJson(permissions, Number.POSITIVE_INFINITY);
  return Object.freeze({ ...rule, groupPermissions: permissions });
}

function resolveRateLimits(limits: ApiKeyFile['rate_limits']): RateLimits {
  const { tokens_per_month: perMonth, per_user: perUser, ...always } = limits;
  return Object.freeze({
    ...always,
    ...(perMonth === undefined ? {} : { tokens_per_month: perMonth }),
    ...(perUser === undefined ? {} : { per_user: resolveUserLimits(perUser) }),
  });
}

function resolveUserLimits(limits: NonNullable<ApiKeyFile['rate_limits']['per_user']>): UserLimits {
  const named = Object.entries(limits).flatMap(([name, limit]) =>
    limit === undefined ? [] : [[name, limit]],
  );
  return Object.freeze(Object.fromEntries(named));
}

function resolveDelegation(
  { subjects, actors, audiences }: NonNullable<ApiKeyFile['delegation']>,
  keyId: string,
): DelegationRules {
  return Object.freeze({
    subjects: Object.freeze(subjects),
    actors: Object.freeze(actors ?? [keyId]),
    audiences: Object.freeze(audiences),
  });
}
