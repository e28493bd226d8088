import { isJsonObject, type JsonObject } from '../../base/json.js';
import { messageOf } from '../../base/message-of.js';

/** Client for the HTTP API of HashiCorp Vault and OpenBao. */
export interface VaultClient {
  /** Name of the server in error messages. */
  readonly name: string;
  /**
   * Send a request.
   *
   * @returns the response, with any status.
   * @throws Error (as rejection) if there is no response, or the response is a redirect.
   */
  send(request: VaultRequest): Promise<VaultAnswer>;
}

export interface VaultRequest {
  readonly method: 'GET' | 'POST';
  /** Path below `/v1/`. */
  readonly path: string;
  readonly token?: string;
  readonly body?: JsonObject;
  /** Aborts the request. */
  readonly signal: AbortSignal;
}

export interface VaultAnswer {
  readonly status: number;
  /** Parsed body. Empty if the body is not a JSON object, for example from a proxy. */
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
        // A followed redirect would send the token to another host.
        answer = await send(base + path, { method, headers, redirect: 'manual', signal, ...content });
        text = await answer.text();
      } catch (cause) {
        throw new Error(
          `${name} is unavailable (${reasonOf(cause)}): check url, the network and the certificate`,
          { cause },
        );
      }
      if (isRedirect(answer)) {
        throw new Error(`${name} redirects: set url to the active node or a load balancer`);
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

/**
 * Return the error code or message of a failed request. `fetch` wraps the original error, for example ECONNREFUSED.
 */
function reasonOf(failure: unknown): string {
  const cause = memberOf(failure, 'cause') ?? failure;
  const code = memberOf(cause, 'code');
  return typeof code === 'string' ? code : messageOf(cause);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [403, 'permission denied, or the token is no longer valid'],
  [404, 'the secret does not exist or was deleted'],
  [429, 'too many requests'],
  [473, 'the server is a performance standby node'],
  [503, 'the server is sealed or down for maintenance'],
]);

/** Describe an error status. Omit error messages of the server, which may quote the request. */
export function describeStatus(status: number): string {
  const meaning = MEANINGS.get(status);
  return meaning === undefined ? `status ${status}` : `status ${status}, ${meaning}`;
}
