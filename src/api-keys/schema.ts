import { z } from 'zod';
import { API_KEY_TYPES, DEFAULT_RATE_LIMITS } from '../token/claims/claims-set.js';
import { isNormalPath } from '../token/claims/endpoint-pattern.js';
import { isScopeToken } from '../token/claims/scope.js';
import { REFRESH_TOKENS } from './api-key.js';
import { isModelEndpoint } from './model-endpoint.js';
import { parseApiKey } from './parse-api-key.js';
import { isPlaceholder } from './placeholder.js';

/** A day; a token that lives longer is better refreshed. */
const MAX_TOKEN_TTL_SECONDS = 86_400;
const DEFAULT_TOKEN_TTL_SECONDS = 600;
const MAX_LIMIT = 1_000_000_000;

/** A field that is not there is told apart from one of the wrong kind. */
const orMissing = (message: string) => ({
  error: (issue: { readonly input?: unknown }) => (issue.input === undefined ? 'is required' : message),
});

/** Every scalar outside `metadata` is a string; the schema gives it its type. No message quotes the value. */
const text = (maxLength: number) =>
  z
    .string(orMissing('must be text'))
    .min(1, 'must not be empty')
    .max(maxLength, `must have at most ${maxLength} characters`)
    .regex(/^\P{Cc}+$/u, 'must not hold control characters');

const wholeNumber = (min: number, max: number) =>
  z
    .string('must be a whole number')
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

const decimal = (min: number, max: number) =>
  z
    .string('must be a number')
    .regex(/^\d{1,4}(\.\d{1,6})?$/, 'must be a number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

const flag = z
  .string('must be true or false')
  .regex(/^(true|True|TRUE|false|False|FALSE)$/, 'must be true or false')
  .transform((value) => value.toLowerCase() === 'true');

const scopeToken = text(128)
  .refine(
    isScopeToken,
    'must be one scope token (RFC 6749 section 3.3): printable ASCII without spaces, quotes and backslashes',
  )
  .refine(
    (scope) => scope !== 'offline_access',
    'offline_access is a flag of token requests, not a permission',
  );

const list = <Item extends z.ZodType<string>>(item: Item) =>
  z
    .array(item, 'must be a list')
    .max(256, 'must have at most 256 entries')
    .refine((items) => new Set(items).size === items.length, 'must not repeat an entry');

const audience = text(256).regex(/^\S+$/, 'must not hold spaces');

/** A key that is not an unresolved placeholder, which everyone who has seen the file would know. */
const secret = (maxLength: number) =>
  text(maxLength).refine(
    (value) => !isPlaceholder(value),
    'is a placeholder, not a key: write ${VARIABLE}, or the key itself',
  );

/** Other spellings of digests, which would otherwise load as literal keys. */
const DIGEST_LIKE = /^["'\s]*sha-?\d{1,3}\s*[:=-]/i;

const apiKey = secret(512)
  .refine(
    (value) => !DIGEST_LIKE.test(value) || /^sha256:[0-9a-f]{64}$/.test(value),
    'a digest is written sha256: and 64 hexadecimal digits in lower case',
  )
  .refine(
    (value) => parseApiKey(value).kind !== 'typo',
    'has the form of a generated key, but its checksum does not fit: it is mistyped',
  );

const moment = z.iso
  .datetime({ offset: true, ...orMissing('must be a date and time with a zone, as 2030-12-31T23:59:59Z') })
  .transform((value) => Date.parse(value) / 1000);

const previousApiKey = z.strictObject(
  { api_key: apiKey, expires_at: moment },
  'must be a mapping of api_key and expires_at',
);

const model = z.strictObject({
  name: text(128),
  endpoint: text(2048).refine(isModelEndpoint, 'must be an https URL (http on loopback only), or echo:'),
  api_key: secret(4096).optional(),
  max_tokens: wholeNumber(1, MAX_LIMIT).default(1024),
  temperature: decimal(0, 2).default(0.7),
});

const limit = wholeNumber(1, MAX_LIMIT);

const userLimits = z.strictObject(
  {
    requests_per_minute: limit.optional(),
    tokens_per_minute: limit.optional(),
    requests_per_hour: limit.optional(),
    concurrent_requests: limit.optional(),
    tokens_per_month: limit.optional(),
  },
  'must be a mapping of limits',
);

const rateLimits = z.strictObject(
  {
    requests_per_minute: limit.default(DEFAULT_RATE_LIMITS.requests_per_minute),
    tokens_per_minute: limit.default(DEFAULT_RATE_LIMITS.tokens_per_minute),
    requests_per_hour: limit.default(DEFAULT_RATE_LIMITS.requests_per_hour),
    concurrent_requests: limit.default(DEFAULT_RATE_LIMITS.concurrent_requests),
    tokens_per_month: limit.optional(),
    per_user: userLimits.optional(),
  },
  'is required: a mapping of limits, {} for the defaults',
);

const keyId = z
  .string('must be text')
  .regex(/^[A-Za-z0-9._~-]{1,64}$/, 'must be 1 to 64 characters out of A-Z a-z 0-9 . _ ~ -');

const delegation = z.strictObject(
  {
    subjects: list(keyId).min(1, 'must name a key_id'),
    actors: list(keyId).min(1, 'must name a key_id').optional(),
    audiences: list(audience).min(1, 'must name an audience'),
  },
  'must be a mapping of subjects, actors and audiences',
);

type MetadataScalar = string | number | boolean | null;
type MetadataValue = MetadataScalar | readonly MetadataValue[] | { readonly [name: string]: MetadataValue };
const metadataValue: z.ZodType<MetadataValue> = z.lazy(() =>
  z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(metadataValue),
    z.record(z.string(), metadataValue),
  ]),
);

/** The fields of one API-key file, each by itself. Unknown fields are errors. */
export const apiKeySchema = z.strictObject(
  {
    api_key: apiKey,
    previous_api_key: previousApiKey.optional(),
    key_id: keyId.optional(),
    name: text(128),
    type: z.enum(API_KEY_TYPES, orMissing(`must be one of ${API_KEY_TYPES.join(', ')}`)),
    active: flag.default(true),
    expires_at: moment.optional(),
    audiences: list(audience).default([]),
    service_audiences: list(audience).default([]),
    introspects: list(audience).default([]),
    permissions: list(scopeToken).default([]),
    token_ttl: wholeNumber(1, MAX_TOKEN_TTL_SECONDS).default(DEFAULT_TOKEN_TTL_SECONDS),
    scope_ttl: z
      .record(scopeToken, wholeNumber(1, MAX_TOKEN_TTL_SECONDS), 'must be a mapping of scopes to seconds')
      .default({}),
    rate_limits: rateLimits,
    metadata: z.record(z.string(), metadataValue, 'must be a mapping').default({}),
    metadata_claims: list(text(128)).optional(),
    users: flag.default(false),
    refresh_tokens: z
      .enum(REFRESH_TOKENS, orMissing(`must be one of ${REFRESH_TOKENS.join(', ')}`))
      .default('confidential'),
    delegation: delegation.optional(),
    models: z.array(model, 'must be a list').max(256, 'must have at most 256 entries').default([]),
    functions: list(text(128).regex(/^\S+$/, 'must not hold spaces')).default([]),
    endpoints: list(
      text(256)
        .regex(/^(\*|[A-Z]+) \/\S*$/, 'must be a method (or *), a space and a path, as GET /reports/*')
        .refine(
          (endpoint) => isNormalPath(endpoint.slice(endpoint.indexOf('/'))),
          'has a path that no request can have: no empty or dot segments, nothing encoded that needs not be',
        )
        .refine(
          (endpoint) => !/[^/]\*|\*[^/]/.test(endpoint.slice(endpoint.indexOf('/'))),
          'has a * that is no whole segment',
        ),
    ).default([]),
  },
  'must be a mapping of fields',
);

/** A valid file, with every default filled in. */
export type ApiKeyFile = z.output<typeof apiKeySchema>;
