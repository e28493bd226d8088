import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DpopMode, readDpopMode } from './dpop.js';
import { readTrustedProxies, type TrustedProxies } from './trust-proxy.js';

/** Settings of the gateway, read from environment variables. `NAME_FILE` names a file with the secret `NAME`. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly apiKeysDir: string;
  /** Whether the API keys come from the sample directory, which requires a demo API key. */
  readonly isSample: boolean;
  /** Issuer of the tokens. Default: the origin on which the gateway listens. */
  readonly issuer: string | undefined;
  /** Audience of the tokens. Default: the origin on which the gateway listens. */
  readonly audience: string | undefined;
  /** URL of the gateway as clients see it, with a path prefix that a proxy removes. Default: the issuer. */
  readonly publicUrl: string | undefined;
  /** Whether clients can bind tokens to a key. Default: `allow`. */
  readonly dpop: DpopMode;
  readonly passphrase: string | undefined;
  readonly salt: string | undefined;
  readonly keysFile: string | undefined;
  readonly demoApiKey: string | undefined;
  /** Generation file of the embedded store. Default: in the data directory, next to the store. */
  readonly storeGenerationFile: string | undefined;
  /** URL of Redis. Default: the embedded store in the data directory. */
  readonly redisUrl: string | undefined;
  /** Timeout of Redis commands in milliseconds. Default: the default of `openRedisStores()`. */
  readonly redisTimeoutMs: number | undefined;
  /** Timeout in milliseconds for a provider's response headers, and for each chunk of the body. Default: 300 000. */
  readonly providerTimeoutMs: number;
  /** URL of the upstream of `/proxy`. Default: the gateway has no `/proxy` route. */
  readonly proxyUpstream: string | undefined;
  /** Timeout in milliseconds for the response headers of the upstream. Default: 30 000. */
  readonly proxyTimeoutMs: number;
  /** Timeout in milliseconds for each chunk of the upstream's response body. Default: 60 000. */
  readonly proxyIdleTimeoutMs: number;
  /** Proxies whose `X-Forwarded-For` header is trusted. Default: none. */
  readonly trustProxy: TrustedProxies | undefined;
  /** Origins of web pages that may call the gateway (CORS). Default: none. */
  readonly corsOrigins: readonly string[];
  /** Port of the metrics endpoint. Default: the gateway serves no metrics. */
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  /** Delay in milliseconds before the listener closes, so that load balancers notice the shutdown. Default: 250. */
  readonly shutdownDelayMs: number;
  /** Timeout in milliseconds for running requests, counted from the end of the delay. Default: 30 000. */
  readonly shutdownTimeoutMs: number;
}

type Variables = Readonly<Record<string, string | undefined>>;

const LOOPBACK = new Set(['127.0.0.1', '::1', '[::1]', 'localhost']);

/**
 * Reads the settings from environment variables and applies the defaults.
 *
 * @throws Error that names the missing or malformed setting.
 */
export function readSettings(variables: Variables): Settings {
  const settings: Settings = {
    host: variables['HOST'] || '127.0.0.1',
    port: readPort(variables, 'PORT') ?? 3000,
    dataDir: variables['DATA_DIR'] || beside('.data'),
    apiKeysDir: variables['API_KEYS_DIR'] || beside('api-keys'),
    isSample: !variables['API_KEYS_DIR'],
    issuer: readUrl(variables, 'ISSUER'),
    audience: variables['AUDIENCE'] || undefined,
    publicUrl: readUrl(variables, 'PUBLIC_URL'),
    dpop: readDpopMode(variables['DPOP']),
    passphrase: readSecret(variables, 'JWE_PASSPHRASE'),
    salt: readSecret(variables, 'JWE_SALT'),
    keysFile: variables['JWE_KEYS_FILE'] || undefined,
    demoApiKey: readSecret(variables, 'DEMO_API_KEY'),
    storeGenerationFile: variables['STORE_GENERATION_FILE'] || undefined,
    redisUrl: readSecret(variables, 'REDIS_URL'),
    redisTimeoutMs: readMilliseconds(variables, 'REDIS_TIMEOUT_MS'),
    providerTimeoutMs: readMilliseconds(variables, 'PROVIDER_TIMEOUT_MS') ?? 300_000,
    proxyUpstream: readUpstream(variables, 'PROXY_UPSTREAM'),
    proxyTimeoutMs: readMilliseconds(variables, 'PROXY_TIMEOUT_MS') ?? 30_000,
    proxyIdleTimeoutMs: readMilliseconds(variables, 'PROXY_IDLE_TIMEOUT_MS') ?? 60_000,
    trustProxy: readTrustedProxies(variables['TRUST_PROXY']),
    corsOrigins: readOrigins(variables, 'CORS_ORIGINS'),
    metricsPort: readPort(variables, 'METRICS_PORT'),
    metricsHost: variables['METRICS_HOST'] || '127.0.0.1',
    shutdownDelayMs: readMilliseconds(variables, 'SHUTDOWN_DELAY_MS') ?? 250,
    shutdownTimeoutMs: readMilliseconds(variables, 'SHUTDOWN_TIMEOUT_MS') ?? 30_000,
  };
  assertSharedSettings(settings);
  return settings;
}

/**
 * Asserts that a public gateway, or a gateway with several instances, does not use generated keys.
 *
 * @throws Error that names the missing settings.
 */
function assertSharedSettings(settings: Settings): void {
  const isPublic = !LOOPBACK.has(settings.host);
  if (!isPublic && settings.redisUrl === undefined) return;
  const missing = [
    settings.keysFile === undefined && settings.passphrase === undefined
      ? 'JWE_KEYS_FILE or JWE_PASSPHRASE'
      : '',
    settings.passphrase !== undefined && settings.salt === undefined ? 'JWE_SALT' : '',
    settings.issuer === undefined ? 'ISSUER' : '',
    isPublic && settings.isSample ? 'API_KEYS_DIR' : '',
  ].filter((name) => name !== '');
  const reason = isPublic ? 'a HOST that is not loopback' : 'REDIS_URL';
  if (missing.length > 0)
    throw new Error(`Settings are missing: with ${reason}, also set ${missing.join(', ')}`);
}

function readSecret(variables: Variables, name: string): string | undefined {
  const file = variables[`${name}_FILE`];
  if (file) return readSecretFile(file, `${name}_FILE`);
  return variables[name] || undefined;
}

/** Reads a secret from a file. Hides the file-system error, whose path may be the secret itself by mistake. */
function readSecretFile(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : 'unknown';
    throw new Error(
      `${name} must be the path of a readable file (${code}): check the path and its permissions`,
    );
  }
}

/** Reads a URL to which the gateway appends paths. Clients find the metadata of the issuer there (RFC 8414 §2). */
function readUrl(variables: Variables, name: string): string | undefined {
  const value = variables[name] || undefined;
  if (value !== undefined && !isPlainUrl(value, ['https:', 'http:']))
    throw new Error(
      `${name} must be an http or https URL without credentials, query or fragment, for example https://gateway.example.com`,
    );
  return value?.replace(/\/$/, '');
}

/** Reads the URL of the upstream. It must be HTTPS, except on loopback, to protect forwarded requests in transit. */
function readUpstream(variables: Variables, name: string): string | undefined {
  const value = variables[name] || undefined;
  if (value === undefined) return undefined;
  const isSafe = isPlainUrl(value, ['https:']) || (isPlainUrl(value, ['http:']) && isLoopback(value));
  if (isSafe) return value;
  throw new Error(
    `${name} must be an https URL (http on loopback only) without credentials, query or fragment`,
  );
}

function isLoopback(url: string): boolean {
  return LOOPBACK.has(new URL(url).hostname);
}

/** Whether a value is a URL with one of the schemes, and without credentials, query and fragment. */
function isPlainUrl(value: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(value) || /[?#]/.test(value)) return false;
  const { protocol, username, password } = new URL(value);
  return schemes.includes(protocol) && username === '' && password === '';
}

/** Reads a list of origins, each in the form that browsers send in `Origin` (RFC 6454 §6.2). */
function readOrigins(variables: Variables, name: string): readonly string[] {
  const origins = (variables[name] ?? '').split(',').map((origin) => origin.trim());
  return origins
    .filter((origin) => origin !== '')
    .map((origin) => {
      if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
      throw new Error(
        `${name} must be a comma-separated list of origins, for example https://app.example.com`,
      );
    });
}

function readPort(variables: Variables, name: string): number | undefined {
  const value = variables[name] || undefined;
  if (value === undefined) return undefined;
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535)
    throw new Error(`${name} must be a port: an integer from 0 to 65535`);
  return Number(value);
}

function readMilliseconds(variables: Variables, name: string): number | undefined {
  const value = variables[name];
  if (!value) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(value))
    throw new Error(
      `${name} must be a positive integer of at most 6 digits, in milliseconds, for example 30000`,
    );
  return Number(value);
}

/** Returns a path in the gateway package. The sources are directly in the package, and the build is in `dist`. */
function beside(name: string): string {
  const directory = dirname(fileURLToPath(import.meta.url));
  return join(basename(directory) === 'dist' ? dirname(directory) : directory, name);
}
