import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.js';
import {
  assertObject,
  assertOptions,
  assertPositiveInteger,
  assertSecureUrl,
  assertString,
  type KnownOptions,
} from '../../base/options.js';
import { isPrintableName } from '../../base/printable-name.js';
import type { KeySource } from '../key-source.js';
import type { JwkSet } from '../parse-jwk.js';
import { parseSourceText } from '../parse-source-text.js';
import { formatKeySet, isSameKeySet } from '../sources/key-set-text.js';
import { loginByAppRole } from './vault-app-role.js';
import {
  createVaultClient,
  describeStatus,
  type VaultAnswer,
  type VaultClient,
  type VaultRequest,
} from './vault-client.js';
import { assertCredential, type VaultCredential } from './vault-credential.js';
import { loginByToken, type VaultLogin, type VaultLoginSetting } from './vault-login.js';

/** Credentials for the server: a token or an AppRole. */
export type VaultAuth =
  | {
      /** Token. A string is renewed as long as the server allows it. A function is called for each request. */
      readonly token: VaultCredential;
    }
  | {
      /** RoleID of an AppRole. The source creates, renews and revokes its tokens. */
      readonly roleId: string;
      /** SecretID of the AppRole. A function is called for each login. */
      readonly secretId: VaultCredential;
      /**
       * Mount path of the AppRole auth method.
       *
       * @default 'approle'
       */
      readonly mount?: string;
    };

/** Options of `vaultKeySource()`. */
export interface VaultKeySourceOptions {
  /** URL of the server, as in `VAULT_ADDR`: `https:`, or `http:` on loopback. */
  readonly url: string;
  /**
   * Mount path of the KV version 2 secrets engine.
   *
   * @default 'secret'
   */
  readonly mount?: string;
  /** Path of the secret below the mount, without `data/`. */
  readonly path: string;
  /**
   * Field of the secret that contains the keys: a JWK Set (string or object), a JWK or a root secret.
   *
   * @default 'jwks'
   */
  readonly field?: string;
  /**
   * Namespace of OpenBao or Vault Enterprise.
   *
   * @default undefined (no namespace)
   */
  readonly namespace?: string;
  /** Credentials for the server. */
  readonly auth: VaultAuth;
  /**
   * Timeout for reading the keys in milliseconds, including the login.
   *
   * @default 5000
   */
  readonly timeoutMs?: number;
  /**
   * Function that sends requests.
   *
   * @default the global `fetch`, which also trusts the authorities in `NODE_EXTRA_CA_CERTS`
   */
  readonly fetch?: typeof fetch;
}

const KNOWN: KnownOptions<VaultKeySourceOptions> = {
  url: true,
  mount: true,
  path: true,
  field: true,
  namespace: true,
  auth: true,
  timeoutMs: true,
  fetch: true,
};

interface SecretPlace {
  readonly client: VaultClient;
  readonly path: string;
}

interface StoredSecret {
  readonly version: number;
  readonly fields: JsonObject;
}

/**
 * Create a writable key source for HashiCorp Vault or OpenBao. The key versions are one field of a KV version 2
 * secret. Rotations use check-and-set and leave other fields unchanged.
 *
 * @throws TypeError if an option is missing or invalid.
 * @example
 * const source = vaultKeySource({
 *   url: 'https://vault.example.com:8200',
 *   path: 'gateway/jwe-keys',
 *   auth: { roleId: 'gateway', secretId: () => readFile('/run/secrets/secret-id', 'utf8') },
 * });
 * const keyRing = await openKeyRing({ source });
 */
export function vaultKeySource(options: VaultKeySourceOptions): KeySource {
  const { place, login, name, field, timeoutMs } = resolveVaultOptions(options);
  const read = async (signal: AbortSignal): Promise<StoredSecret> => {
    const { status, body } = await sendAs(login, place, { method: 'GET', signal });
    if (status !== 200) throw new Error(`${name} cannot be read: ${describeStatus(status)}`);
    const { data: fields, metadata } = isJsonObject(body['data']) ? body['data'] : {};
    const version = isJsonObject(metadata) ? metadata['version'] : undefined;
    if (!isJsonObject(fields) || typeof version !== 'number') {
      throw new Error(`${name} is not a KV version 2 secret: check mount and path in vaultKeySource()`);
    }
    return { version, fields };
  };
  const parse = ({ fields }: StoredSecret): JwkSet => {
    const value = fields[field];
    if (value === undefined)
      throw new Error(
        `${name} does not have the field ${isPrintableName(field) ? field : 'in the option field'}: add it to the secret`,
      );
    return parseSourceText(typeof value === 'string' ? value : JSON.stringify(value), name);
  };

  return Object.freeze({
    name,
    load: async () => parse(await read(AbortSignal.timeout(timeoutMs))),
    async replace(previous: JwkSet, next: JwkSet) {
      const text = formatKeySet(next);
      const signal = AbortSignal.timeout(timeoutMs);
      const stored = await read(signal);
      if (!isSameKeySet(parse(stored), previous)) return false;
      const value: JsonValue = typeof stored.fields[field] === 'string' ? text : JSON.parse(text);
      const body = { options: { cas: stored.version }, data: { ...stored.fields, [field]: value } };
      const { status } = await sendAs(login, place, { method: 'POST', body, signal });
      if (status === 200) return true;
      // Status 400 can mean a check-and-set conflict.
      if (status === 400 && (await read(signal)).version !== stored.version) return false;
      throw new Error(`${name} cannot be written: ${describeStatus(status)}`);
    },
    close: () => login.close(),
  });
}

/** Send a request, and retry it once with a new token if the first token is rejected. */
async function sendAs(
  login: VaultLogin,
  { client, path }: SecretPlace,
  request: Omit<VaultRequest, 'path' | 'token'>,
): Promise<VaultAnswer> {
  const token = await login.token(request.signal);
  const answer = await client.send({ ...request, path, token });
  if (answer.status !== 403) return answer;
  const other = await login.replace(token, request.signal);
  return other === undefined ? answer : client.send({ ...request, path, token: other });
}

function resolveVaultOptions(options: VaultKeySourceOptions) {
  assertOptions(options, KNOWN, 'vaultKeySource');
  const {
    mount = 'secret',
    path,
    field = 'jwks',
    namespace,
    timeoutMs = 5000,
    fetch: send = fetch,
  } = options;
  const url = assertSecureUrl(options.url, 'vaultKeySource: url');
  if (url.search !== '' || url.hash !== '')
    throw new TypeError('vaultKeySource: url must not have a query or fragment: remove them');
  assertPath(mount, 'mount');
  assertPath(path, 'path');
  if (namespace !== undefined) assertPath(namespace, 'namespace');
  assertString(field, 'vaultKeySource', 'field', 'jwks');
  assertPositiveInteger(timeoutMs, 'vaultKeySource', 'timeoutMs', 5000);
  if (typeof send !== 'function') {
    throw new TypeError('vaultKeySource: fetch must be a function, for example globalThis.fetch');
  }
  const client = createVaultClient({ url, namespace, fetch: send });
  return {
    place: { client, path: `${encodePath(mount)}/data/${encodePath(path)}` },
    login: resolveLogin(options.auth, { client, timeoutMs }),
    name: `${client.name}: ${mount}/${path}`,
    field,
    timeoutMs,
  };
}

function resolveLogin(auth: VaultAuth, setting: VaultLoginSetting): VaultLogin {
  assertObject(auth, 'vaultKeySource: auth', '{ roleId, secretId }');
  if ('token' in auth) {
    assertOptions(auth, { token: true }, 'vaultKeySource: auth');
    assertCredential(auth.token, 'token');
    return loginByToken(auth.token, setting);
  }
  assertOptions(auth, { roleId: true, secretId: true, mount: true }, 'vaultKeySource: auth');
  const { roleId, secretId, mount = 'approle' } = auth;
  if (typeof roleId !== 'string' || roleId === '')
    throw new TypeError(
      'vaultKeySource: auth must have token, or roleId and secretId: pass one of the two forms',
    );
  assertCredential(secretId, 'secretId');
  assertPath(mount, 'auth.mount');
  return loginByAppRole({ roleId, secretId, mount: encodePath(mount) }, setting);
}

/** Assert that a path has no segments that would change it, for example `..`. */
function assertPath(value: unknown, name: string): void {
  const segments = typeof value === 'string' ? value.split('/') : [''];
  if (segments.every((segment) => /^[\x20-\x7e]+$/.test(segment) && !/^\.{1,2}$/.test(segment))) return;
  throw new TypeError(
    `vaultKeySource: ${name} must be a path of ASCII characters without a leading or trailing slash, for example "services/jwe"`,
  );
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
