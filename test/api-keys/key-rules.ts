import type { ApiKey } from '../../src/api-keys/api-key.js';
import type { ModelConfiguration } from '../../src/api-keys/model-configuration.js';

/** Every rule for API keys that the loaded one breaks, in the plainest terms; none where it may be in force. */
export function brokenRules(key: ApiKey): readonly string[] {
  const { permissions, scopeTtlSeconds, rateLimits, metadata, delegation, serviceAudiences } = key;
  const { per_user: perUser = {}, ...limits } = rateLimits;
  const audiences = [...key.audiences, ...(delegation?.audiences ?? [])];
  const rules = {
    keyId: isKeyId(key.keyId),
    name: isText(key.name, 128),
    type: ['tiered_model_exec', 'function_call', 'api_call'].includes(key.type),
    expiresAt: [key.expiresAt, key.previousKeyExpiresAt].every(
      (date) => date === undefined || Number.isFinite(date),
    ),
    audiences: [key.audiences, serviceAudiences, key.introspects].every((list) => isListOf(list, isAudience)),
    serviceAudiences: !serviceAudiences.some((audience) => audiences.includes(audience)),
    permissions: isListOf(permissions, isPermission),
    tokenTtlSeconds: isWhole(key.tokenTtlSeconds, 86_400),
    scopeTtlSeconds: [...scopeTtlSeconds].every(
      ([scope, ttl]) => permissions.includes(scope) && isWhole(ttl, 86_400),
    ),
    rateLimits:
      Object.keys(limits).length >= 4 && [...Object.values(limits), ...Object.values(perUser)].every(isLimit),
    metadata: !JSON.stringify(metadata).includes('"__proto__":'),
    metadataClaims: key.metadataClaims.every((name) => Object.hasOwn(metadata, name)),
    refreshTokens: ['off', 'confidential', 'public'].includes(key.refreshTokens),
    delegation:
      delegation === undefined ||
      [...delegation.subjects, ...delegation.actors].every((id) => id === key.keyId),
    models:
      key.models.every(isModel) && new Set(key.models.map(({ name }) => name)).size === key.models.length,
    functions:
      key.type === 'function_call' ? isListOf(key.functions, isFunction) : key.functions.length === 0,
    endpoints: key.type === 'api_call' ? isListOf(key.endpoints, isEndpoint) : key.endpoints.length === 0,
    flags: [key.active, key.users].every((flag) => typeof flag === 'boolean'),
    frozen: [key, permissions, metadata, key.models, rateLimits].every(Object.isFrozen),
  };
  return Object.entries(rules).flatMap(([name, holds]) => (holds ? [] : [name]));
}

function isText(text: string, maxLength: number): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  return (
    text.length >= 1 &&
    text.length <= maxLength &&
    codes.every((code) => code >= 0x20 && (code < 0x7f || code > 0x9f))
  );
}

function isKeyId(id: string): boolean {
  return id.length <= 64 && /^[\w.~-]+$/.test(id);
}

function isAudience(audience: string): boolean {
  return isText(audience, 256) && audience.split(/\s/).length === 1;
}

function isFunction(name: string): boolean {
  return isText(name, 128) && name.split(/\s/).length === 1;
}

function isPermission(scope: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(scope) && !/["\\]/.test(scope) && scope !== 'offline_access';
}

function isEndpoint(endpoint: string): boolean {
  const [method = '', path = '', ...others] = endpoint.split(' ');
  const segments = path.split('/').slice(1);
  const isOpen = segments.every((segment) => segment === '*' || !segment.includes('*'));
  const isPlain =
    isOpen && segments.every((segment) => !['.', '..'].includes(segment) && !/[\\?#{]/.test(segment));
  return (
    /^([A-Z]+|\*)$/.test(method) &&
    path.startsWith('/') &&
    !path.includes('//') &&
    isPlain &&
    others.length === 0
  );
}

function isModel({ name, endpoint, apiKey, maxTokens, temperature }: ModelConfiguration): boolean {
  const isLocal = /^http:\/\/([^/@]*@)?(localhost|127\.0\.0\.1|\[::1\])(:\d*)?([/?#]|$)/i.test(endpoint);
  const isReachable = endpoint === 'echo:' || /^https:/i.test(endpoint) || isLocal;
  const hasKey = endpoint === 'echo:' || apiKey !== undefined;
  return (
    isText(name, 128) && isReachable && hasKey && isLimit(maxTokens) && temperature >= 0 && temperature <= 2
  );
}

function isLimit(limit: unknown): boolean {
  return isWhole(limit, 1_000_000_000);
}

function isWhole(value: unknown, max: number): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max;
}

function isListOf(list: readonly string[], fits: (item: string) => boolean): boolean {
  return list.length <= 256 && list.every(fits) && new Set(list).size === list.length;
}
