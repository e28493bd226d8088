import * as v from 'valibot';
import { estimateTokenLength, MAX_ISSUED_TOKEN_LENGTH } from '../token/claims/token-size.js';
import type { ApiKey } from './api-key.js';
import { digestSecret, type RegisteredKey } from './api-key-registry.js';
import { checkAuthentication } from './check-authentication.js';
import { checkConsistency } from './check-consistency.js';
import { checkGroupPermissions } from './check-group-permissions.js';
import { claimsByKeyType } from './claims-by-key-type.js';
import type { DocumentFault } from './document-fault.js';
import { isWeakSecret } from './is-weak-secret.js';
import { resolveApiKey } from './resolve-api-key.js';
import { type ApiKeyFile, apiKeySchema } from './schema.js';

/** Maximum length in characters of the claims that a token request adds: user, session, issuer, times and IDs. */
const REQUEST_CLAIMS_LENGTH = 1024;

const WEAK_SECRET: DocumentFault = {
  path: ['api_key'],
  message: 'is easy to guess: replace it with a generated key (passport-jwe api-key create)',
};

/** Result of `validateApiKey()`: the API key, or all faults in the document. */
export type Validation =
  | {
      readonly ok: true;
      readonly key: RegisteredKey;
      /** Faults that do not invalidate the document. */
      readonly warnings: readonly DocumentFault[];
    }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

/**
 * Validate a document with resolved variables.
 *
 * @param unresolved faults found earlier. They take precedence: each field has at most one fault in the result.
 */
export function validateApiKey(document: unknown, unresolved: readonly DocumentFault[]): Validation {
  const parsed = v.safeParse(apiKeySchema, document);
  const issues = (parsed.issues ?? []).map(toFault);
  const found = [
    ...unresolved,
    ...checkAuthentication(document),
    ...issues,
    ...checkConsistency(document),
    ...checkGroupPermissions(document),
  ];
  const firstByPath = new Map(found.toReversed().map((fault) => [JSON.stringify(fault.path), fault]));
  const faults = found.filter((fault) => firstByPath.get(JSON.stringify(fault.path)) === fault);
  if (!parsed.success || faults.length > 0) return { ok: false, faults };

  const apiKey = resolveApiKey(parsed.output);
  if (apiKey === undefined) {
    return { ok: false, faults: [{ path: ['name'], message: 'has no characters for a key_id: set key_id' }] };
  }
  if (!fitsInToken(apiKey)) {
    const message = `tokens would exceed ${MAX_ISSUED_TOKEN_LENGTH} characters: shorten lists, or limit metadata_claims`;
    return { ok: false, faults: [{ path: [], message }] };
  }
  return register(apiKey, parsed.output);
}

function register(apiKey: ApiKey, { api_key: secret, previous_api_key: previous }: ApiKeyFile): Validation {
  if (secret === undefined) return { ok: true, key: { apiKey }, warnings: [] };
  const digest = digestOf(secret);
  const warnings = isWeakSecret(secret) ? [WEAK_SECRET] : [];
  if (previous === undefined) return { ok: true, key: { apiKey, digest }, warnings };
  const older = { digest: digestOf(previous.api_key), expiresAt: previous.expires_at };
  if (!older.digest.equals(digest)) return { ok: true, key: { apiKey, digest, previous: older }, warnings };
  return {
    ok: false,
    faults: [
      {
        path: ['previous_api_key', 'api_key'],
        message: 'must differ from api_key: generate a new key for api_key',
      },
    ],
  };
}

function toFault({ path, message }: v.BaseIssue<unknown>): DocumentFault {
  const keys = (path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  return { path: keys, message };
}

function fitsInToken(apiKey: ApiKey): boolean {
  const scopes = [apiKey.permissions.join(' '), apiKey.permissions];
  const longestAudience = Math.max(0, ...apiKey.audiences.map((audience) => audience.length));
  const claims = { ...claimsByKeyType(apiKey), scopes, client_id: apiKey.keyId, sub: apiKey.keyId };
  const requestLength = Math.ceil(((REQUEST_CLAIMS_LENGTH + longestAudience) * 4) / 3);
  return estimateTokenLength(claims) + requestLength <= MAX_ISSUED_TOKEN_LENGTH;
}

function digestOf(apiKey: string): Buffer {
  const prefix = 'sha256:';
  return apiKey.startsWith(prefix) ? Buffer.from(apiKey.slice(prefix.length), 'hex') : digestSecret(apiKey);
}
