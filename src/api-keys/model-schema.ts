import * as v from 'valibot';
import { TOKEN_LIMIT_MEMBERS } from './api-key.js';
import { flag } from './flag.js';
import { mapping } from './mapping.js';
import { isModelEndpoint } from './model-endpoint.js';
import { decimal, limit } from './number-schemas.js';
import { secret } from './secret.js';
import { text } from './text.js';

/** Schema for one entry of `models` in an API key file. */
export const modelSchema = mapping(
  {
    name: text(128),
    endpoint: v.pipe(
      text(2048),
      v.check((value) => isModelEndpoint(value), 'must be an https URL (http on loopback only) or echo:'),
    ),
    api_key: v.optional(secret(4096)),
    max_tokens: v.optional(limit),
    temperature: v.optional(decimal(0, 2)),
    token_limit_member: v.optional(
      v.picklist(TOKEN_LIMIT_MEMBERS, `must be one of ${TOKEN_LIMIT_MEMBERS.join(', ')}`),
    ),
    request_usage: v.optional(flag, 'false'),
  },
  'must be a mapping of fields',
);

/** Validated entry of `models`. */
export type ModelFields = v.InferOutput<typeof modelSchema>;
