import type { Settings } from './define-settings.js';
import { isLoopback } from './is-loopback.js';

type IsSet = (name: string) => boolean;

/** Settings that have no effect without another one. */
const REQUIREMENTS: readonly (readonly [name: string, required: readonly string[]])[] = [
  ['REDIS_SENTINELS', ['REDIS_SENTINEL_NAME']],
  ['REDIS_SENTINEL_NAME', ['REDIS_SENTINELS']],
  ['REDIS_SENTINEL_PASSWORD', ['REDIS_SENTINELS']],
  ...['REDIS_USERNAME', 'REDIS_PASSWORD', 'REDIS_TLS', 'REDIS_TLS_CA_FILE', 'REDIS_PREFIX'].map(
    (name) => [name, ['REDIS_URL', 'REDIS_CLUSTER_NODES', 'REDIS_SENTINELS']] as const,
  ),
  ['KEYS_TRUST_GROUP', ['JWE_KEYS_FILE']],
  ['JWE_SALT', ['JWE_PASSPHRASE']],
  ['JWE_PREVIOUS_PASSPHRASE', ['JWE_PASSPHRASE']],
  ['JWE_PREVIOUS_SALT', ['JWE_PASSPHRASE']],
  ['VAULT_PATH', ['VAULT_ADDR']],
  ['VAULT_PATH', ['VAULT_TOKEN', 'VAULT_ROLE_ID']],
  ['VAULT_ROLE_ID', ['VAULT_SECRET_ID']],
  ['PREVIOUS_ISSUERS', ['ISSUER']],
  ['AUDIT_FILE', ['AUDIT_KEY']],
  ['AUDIT_KEY', ['AUDIT_FILE']],
  ['AUDIT_REQUIRED', ['AUDIT_FILE']],
];

/** Settings of which at most one can be set. */
const ALTERNATIVES: readonly (readonly string[])[] = [
  ['REDIS_URL', 'REDIS_CLUSTER_NODES', 'REDIS_SENTINELS'],
  ['JWE_KEYS_FILE', 'JWE_PASSPHRASE', 'VAULT_PATH'],
];

/** Minimum of `ROTATE_EVERY`: a new key is pending for five minutes. */
const MIN_ROTATION_SECONDS = 3600;

/** Returns a message for each combination of settings that the gateway cannot use. */
export function findConflicts(settings: Settings, isSet: IsSet): readonly string[] {
  const required = REQUIREMENTS.filter(
    ([name, others]) => isSet(name) && !others.some((other) => isSet(other)),
  ).map(([name, others]) => `${name} requires ${others.join(' or ')}: set it too, or remove ${name}`);
  const alternative = ALTERNATIVES.map((names) => names.filter(isSet))
    .filter(({ length }) => length > 1)
    .map((names) => `${names.join(' and ')} cannot be combined: set only one of them`);
  const rules = [findUnusedAuthorities, findDuplicateIssuers, findRotation].flatMap((find) => find(settings));
  return [...findMissing(settings, isSet), ...required, ...alternative, ...rules];
}

/** Certificate authorities without TLS: the connection would not be encrypted, although the operator expects it. */
function findUnusedAuthorities({
  redisTlsCaFile,
  redisTls,
  redisUrl,
  usesRedis,
}: Settings): readonly string[] {
  if (redisTlsCaFile === undefined || !usesRedis || redisTls || redisUrl?.startsWith('rediss:')) return [];
  return ['REDIS_TLS_CA_FILE requires TLS: set REDIS_TLS=true, or remove REDIS_TLS_CA_FILE'];
}

/** A public gateway, or a gateway with several instances, cannot use generated keys. */
function findMissing({ host, isSample, usesRedis }: Settings, isSet: IsSet): readonly string[] {
  const isPublic = !isLoopback(host);
  if (!isPublic && !usesRedis) return [];
  const missing = [
    ['JWE_KEYS_FILE', 'JWE_PASSPHRASE', 'VAULT_PATH'].some(isSet) ? '' : 'JWE_KEYS_FILE or JWE_PASSPHRASE',
    isSet('JWE_PASSPHRASE') && !isSet('JWE_SALT') ? 'JWE_SALT' : '',
    isSet('ISSUER') ? '' : 'ISSUER',
    isPublic && isSample ? 'API_KEYS_DIR' : '',
  ].filter((name) => name !== '');
  const reason = isPublic ? 'a HOST that is not loopback' : 'REDIS_URL';
  if (missing.length === 0) return [];
  return [`Settings are missing: with ${reason}, also set ${missing.join(', ')}`];
}

function findDuplicateIssuers({ issuer, previousIssuers = [] }: Settings): readonly string[] {
  const issuers = [issuer, ...previousIssuers];
  if (new Set(issuers).size === issuers.length) return [];
  return ['PREVIOUS_ISSUERS contains ISSUER or a duplicate: list each other issuer once'];
}

function findRotation({ rotateEverySeconds, passphrase }: Settings): readonly string[] {
  if (rotateEverySeconds === undefined) return [];
  if (passphrase !== undefined)
    return ['ROTATE_EVERY requires a key file or Vault: a passphrase cannot be rotated automatically'];
  if (rotateEverySeconds < MIN_ROTATION_SECONDS) return ['ROTATE_EVERY must be at least 1h, for example 30d'];
  return [];
}
