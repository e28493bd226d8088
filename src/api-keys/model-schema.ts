import * as v from 'valibot';
import { flag } from './flag.js';
import { headerFields } from './header-fields.js';
import { headerValue } from './header-value.js';
import { mapping, mappingOf } from './mapping.js';
import { TOKEN_LIMIT_MEMBERS } from './model-configuration.js';
import { isModelEndpoint } from './model-endpoint.js';
import { decimal, limit, wholeNumber } from './number-schemas.js';
import { orMissing } from './or-missing.js';
import { text } from './text.js';

const url = v.pipe(
  text(2048),
  v.check((value) => isModelEndpoint(value), 'must be an https URL (http on loopback only) or echo:'),
);

/** Maximum of the timeouts: one hour. */
const timeout = v.optional(wholeNumber(1, 3_600_000));

/** Fields of an endpoint besides its URL. */
const endpointFields = {
  api_key: v.optional(headerValue),
  provider_model: v.optional(text(256)),
  headers: v.optional(headerFields, () => ({})),
  query: v.optional(
    mappingOf(text(128), text(2048), 'must be a mapping of query parameters to strings'),
    () => ({}),
  ),
  timeout_ms: timeout,
  idle_timeout_ms: timeout,
  token_limit_member: v.optional(
    v.picklist(TOKEN_LIMIT_MEMBERS, `must be one of ${TOKEN_LIMIT_MEMBERS.join(', ')}`),
  ),
  request_usage: v.optional(flag, 'false'),
};

/** Names of the fields that a model has for its only endpoint, or each entry of `endpoints` for itself. */
export const ENDPOINT_FIELDS: readonly string[] = ['endpoint', ...Object.keys(endpointFields)];

const endpointSchema = mapping({ endpoint: url, ...endpointFields }, 'must be a mapping of fields');

/** Schema for one entry of `models` in an API key file. */
export const modelSchema = mapping(
  {
    name: text(128),
    endpoint: v.optional(url),
    ...endpointFields,
    endpoints: v.optional(
      v.pipe(
        v.array(endpointSchema, orMissing('must be a list')),
        v.minLength(1, 'must contain at least one endpoint'),
        v.maxLength(16, 'must have at most 16 entries'),
      ),
    ),
    max_tokens: v.optional(limit),
    media_tokens: v.optional(
      mapping(
        { image: v.optional(limit), audio: v.optional(limit), file: v.optional(limit) },
        'must be a mapping of image, audio and file to tokens',
      ),
      () => ({}),
    ),
    temperature: v.optional(decimal(0, 2)),
  },
  'must be a mapping of fields',
);

/** Validated entry of `models`. */
export type ModelFields = v.InferOutput<typeof modelSchema>;

/** Validated entry of `models[].endpoints`. */
export type EndpointFields = v.InferOutput<typeof endpointSchema>;
