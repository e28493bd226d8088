import { isJsonObject } from '../base/json.js';
import { fetchJson, type SendRequest, unexpectedStatus } from './fetch-json.js';

/**
 * Maximum number of keys in a JWK Set. Importing a key takes milliseconds, so a hostile issuer could exhaust the CPU.
 */
const MAX_KEYS = 100;

export interface FetchJwksOptions {
  readonly send: SendRequest;
  /** Aborts the request. */
  readonly signal: AbortSignal;
  /**
   * Value of the header `Authorization`.
   *
   * @default undefined (no header)
   */
  readonly authorization?: string | undefined;
  /** Instruction for the error messages, for example `check url in remoteJwks()`. */
  readonly remedy: string;
}

/**
 * Fetch a JWK Set, and return its keys unparsed.
 *
 * @throws Error (as rejection) if the request fails or is aborted, the status is not 200, or the response is too large
 *   or not a JWK Set.
 */
export async function fetchJwks(
  url: URL,
  { send, signal, authorization, remedy }: FetchJwksOptions,
): Promise<readonly unknown[]> {
  const subject = { name: 'JWK Set', remedy };
  const headers = {
    Accept: 'application/jwk-set+json, application/json',
    ...(authorization === undefined ? {} : { Authorization: authorization }),
  };
  const { status, json } = await fetchJson(url, { send, signal, headers, subject });
  if (status !== 200) throw unexpectedStatus(status, subject);
  const keys: unknown = isJsonObject(json) ? json['keys'] : undefined;
  if (!Array.isArray(keys))
    throw new Error(`The response is not a JWK Set, an object with an array "keys": ${remedy}`);
  if (keys.length > MAX_KEYS)
    throw new Error(`The JWK Set has more than ${MAX_KEYS} keys: ask the issuer to remove unused keys`);
  return keys;
}
