import * as v from 'valibot';
import { isPlainJson, type JsonValue } from '../base/json.js';
import { isNormalPath } from '../token/claims/endpoint-pattern.js';
import { DEFAULT_RATE_LIMITS } from '../token/claims/rate-limits.js';
import { API_KEY_TYPES } from '../token/claims/token-type-names.js';
import { DPOP_POLICIES, REFRESH_TOKENS, SURPLUS_SCOPES } from './api-key.js';
import { selfSignedTlsClientAuth, tlsClientAuth } from './client-certificates.js';
import { clientJwks } from './client-jwks.js';
import { dateTime } from './date-time.js';
import { flag } from './flag.js';
import { GROUP_PERMISSIONS, groupDn } from './group-dn.js';
import { idTokens } from './id-tokens.js';
import { isJwksUri } from './is-jwks-uri.js';
import { KEY_ID } from './key-id.js';
import { filledList, list } from './list-schemas.js';
import { mapping, mappingOf } from './mapping.js';
import { modelSchema } from './model-schema.js';
import { limit, wholeNumber } from './number-schemas.js';
import { orMissing } from './or-missing.js';
import { parseApiKey } from './parse-api-key.js';
import { scopeToken } from './scope-token.js';
import { secret } from './secret.js';
import { text } from './text.js';
import { users } from './users.js';
import { workloads } from './workloads.js';

/** Maximum lifetime of an access token: one day. Longer sessions need refresh tokens. */
const MAX_TOKEN_TTL_SECONDS = 86_400;
const DEFAULT_TOKEN_TTL_SECONDS = 600;

/** Maximum depth of `metadata`. Not less than the maximum depth of a YAML document. */
const MAX_METADATA_DEPTH = 16;

/** Schema for an optional list. Default: an empty list. */
const anyList = (item: v.GenericSchema<string>) => v.optional(list(item), () => []);

const audience = v.pipe(text(256), v.regex(/^\S+$/, 'must not contain spaces'));

/** Pattern for a digest in any spelling. Without this check, a malformed digest would be loaded as a literal key. */
const DIGEST_LIKE = /^["'\s]*sha-?\d{1,3}\s*[:=-]/i;

const apiKey = v.pipe(
  secret(512),
  v.check(
    (value) => !DIGEST_LIKE.test(value) || /^sha256:[0-9a-f]{64}$/.test(value),
    'is a malformed digest: write sha256: and 64 hexadecimal digits in lower case',
  ),
  v.check(
    (value) => parseApiKey(value).kind !== 'typo',
    'is mistyped: it has the form of a generated key, but its checksum does not match. Copy the key again',
  ),
);

const previousApiKey = mapping(
  { api_key: apiKey, expires_at: dateTime },
  'must be a mapping of api_key and expires_at',
);

const limitOr = (value: number) => v.optional(limit, String(value));

const userLimits = mapping(
  {
    requests_per_minute: v.optional(limit),
    tokens_per_minute: v.optional(limit),
    requests_per_hour: v.optional(limit),
    concurrent_requests: v.optional(limit),
    tokens_per_month: v.optional(limit),
  },
  'must be a mapping of limits',
);

const rateLimits = mapping(
  {
    requests_per_minute: limitOr(DEFAULT_RATE_LIMITS.requests_per_minute),
    tokens_per_minute: limitOr(DEFAULT_RATE_LIMITS.tokens_per_minute),
    requests_per_hour: limitOr(DEFAULT_RATE_LIMITS.requests_per_hour),
    concurrent_requests: limitOr(DEFAULT_RATE_LIMITS.concurrent_requests),
    tokens_per_month: v.optional(limit),
    per_user: v.optional(userLimits),
  },
  'is required: write a mapping of limits, or {} for the defaults',
);

const keyId = v.pipe(
  v.string('must be a string'),
  v.regex(KEY_ID, 'must be 1 to 64 characters from A-Z a-z 0-9 . _ ~ -'),
);

const delegation = mapping(
  {
    subjects: filledList(keyId, 'must contain at least one key_id'),
    actors: v.optional(filledList(keyId, 'must contain at least one key_id')),
    audiences: filledList(audience, 'must contain at least one audience'),
  },
  'must be a mapping of subjects, actors and audiences',
);

const metadataValue = v.custom<JsonValue>(
  (value) => isPlainJson(value, MAX_METADATA_DEPTH),
  'must be a string, a number, true, false, null, a list or a mapping',
);

const endpoint = v.pipe(
  text(256),
  v.regex(/^(\*|[A-Z]+) \/\S*$/, 'must be a method or *, a space and a path, for example GET /reports/*'),
  v.check(
    (value) => isNormalPath(value.slice(value.indexOf('/'))),
    'must have a normalized path: no empty segments, no . or .. segments, no unnecessary percent-encoding',
  ),
  v.check(
    (value) => !/[^/]\*|\*[^/]/.test(value.slice(value.indexOf('/'))),
    'must use * only as a whole path segment, for example GET /reports/*',
  ),
);

/** Schema for the fields of an API key file. Unknown fields are errors. */
export const apiKeySchema = mapping(
  {
    api_key: v.optional(apiKey),
    previous_api_key: v.optional(previousApiKey),
    jwks: v.optional(clientJwks),
    jwks_uri: v.optional(
      v.pipe(
        text(2048),
        v.check(isJwksUri, 'must be an https URL without user name (http on loopback only)'),
      ),
    ),
    assertion_audience: v.optional(audience),
    tls_client_auth: v.optional(tlsClientAuth),
    self_signed_tls_client_auth: v.optional(selfSignedTlsClientAuth),
    tls_client_certificate_bound_access_tokens: v.optional(flag),
    key_id: v.optional(keyId),
    name: text(128),
    type: v.picklist(API_KEY_TYPES, orMissing(`must be one of ${API_KEY_TYPES.join(', ')}`)),
    active: v.optional(flag, 'true'),
    expires_at: v.optional(dateTime),
    audiences: anyList(audience),
    service_audiences: anyList(audience),
    introspects: anyList(audience),
    permissions: anyList(scopeToken),
    token_ttl: v.optional(wholeNumber(1, MAX_TOKEN_TTL_SECONDS), String(DEFAULT_TOKEN_TTL_SECONDS)),
    scope_ttl: v.optional(
      mappingOf(scopeToken, wholeNumber(1, MAX_TOKEN_TTL_SECONDS), 'must be a mapping of scopes to seconds'),
      () => ({}),
    ),
    rate_limits: rateLimits,
    metadata: v.optional(mappingOf(v.string(), metadataValue, 'must be a mapping'), () => ({})),
    metadata_claims: v.optional(list(text(128))),
    users,
    group_permissions: v.optional(
      mappingOf(groupDn, filledList(scopeToken, 'must contain at least one scope'), GROUP_PERMISSIONS),
      () => ({}),
    ),
    refresh_tokens: v.optional(
      v.picklist(REFRESH_TOKENS, `must be one of ${REFRESH_TOKENS.join(', ')}`),
      'confidential',
    ),
    dpop: v.optional(v.picklist(DPOP_POLICIES, `must be one of ${DPOP_POLICIES.join(', ')}`), 'allowed'),
    surplus_scopes: v.optional(v.picklist(SURPLUS_SCOPES, `must be one of ${SURPLUS_SCOPES.join(', ')}`)),
    delegation: v.optional(delegation),
    workloads,
    id_tokens: idTokens,
    models: v.optional(
      v.pipe(v.array(modelSchema, 'must be a list'), v.maxLength(256, 'must have at most 256 entries')),
      () => [],
    ),
    functions: anyList(v.pipe(text(128), v.regex(/^\S+$/, 'must not contain spaces'))),
    endpoints: anyList(endpoint),
  },
  'must be a mapping of fields',
);

/** Validated API key file, with all defaults applied. */
export type ApiKeyFile = v.InferOutput<typeof apiKeySchema>;
