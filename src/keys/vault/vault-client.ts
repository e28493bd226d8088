import { isJsonObject, type JsonObject } from '../../base/json.js';
import { messageOf } from '../../base/message-of.js';

/** Speaks the HTTP API of HashiCorp Vault and OpenBao. */
export interface VaultClient {
  /** How messages call the server. */
  readonly name: string;
  /** The answer to one request, whatever its status. @throws Error where there is none, or a redirect. */
  send(request: VaultRequest): Promise<VaultAnswer>;
}

export interface VaultRequest {
  readonly method: 'GET' | 'POST';
  /** Below `/v1/`. */
  readonly path: string;
  readonly token?: string;
  readonly body?: JsonObject;
  /** Ends the wait for an answer. */
  readonly signal: AbortSignal;
}

export interface VaultAnswer {
  readonly status: number;
  /** Empty where it is no JSON object, as from a proxy in between. */
  readonly body: JsonObject;
}

export interface VaultClientOptions {
  readonly url: URL;
  readonly namespace: string | undefined;
  readonly fetch: typeof fetch;
}

export function createVaultClient({ url, namespace, fetch: send }: VaultClientOptions): VaultClient {
  const name = `Vault at ${url.host}`;
  const base = url.href.replace(/\/*$/, '/v1/');
  const shared = {
    'X-Vault-Request': 'true',
    ...(namespace === undefined ? {} : { 'X-Vault-Namespace': namespace }),
  };

  return Object.freeze({
    name,
    async send({ method, path, token, body, signal }: VaultRequest) {
      const headers = { ...shared, ...(token === undefined ? {} : { 'X-Vault-Token': token }) };
      const content = body === undefined ? {} : { body: JSON.stringify(body) };
      let answer: Response;
      let text: string;
      try {
        // A redirect followed would take the token to another host.
        answer = await send(base + path, { method, headers, redirect: 'manual', signal, ...content });
        text = await answer.text();
      } catch (cause) {
        throw new Error(`${name} does not answer: ${reasonOf(cause)}`, { cause });
      }
      if (isRedirect(answer)) {
        throw new Error(`${name} redirects: give the address of the active node, or of what forwards to it`);
      }
      return { status: answer.status, body: readObject(text) };
    },
  });
}

function isRedirect({ type, status }: Response): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400);
}

function readObject(text: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** `fetch` wraps what went wrong, such as ECONNREFUSED or a certificate that is not trusted. */
function reasonOf(failure: unknown): string {
  const cause = memberOf(failure, 'cause') ?? failure;
  const code = memberOf(cause, 'code');
  return typeof code === 'string' ? code : messageOf(cause);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [403, 'permission denied, or the token is not valid any more'],
  [404, 'there is no such secret, or it was deleted'],
  [429, 'too many requests'],
  [473, 'it is a standby node for reading alone'],
  [503, 'it is sealed, or down for maintenance'],
]);

/** What a status that is no success says. The text of the server is not shown: it may quote what was sent. */
export function describeStatus(status: number): string {
  const meaning = MEANINGS.get(status);
  return meaning === undefined ? `status ${status}` : `status ${status}, ${meaning}`;
}
