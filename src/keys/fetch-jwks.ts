/** Maximum size of a JWK Set in bytes. */
const MAX_BYTES = 256 * 1024;

/** Maximum number of keys. Importing one takes milliseconds, so a hostile issuer could exhaust the CPU. */
const MAX_KEYS = 100;

export interface FetchOptions {
  /** Timeout of the whole response in milliseconds. */
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
}

/**
 * Fetches a JWK Set without parsing its keys.
 *
 * @throws Error (as rejection) unless the response has status 200, arrives in time, is not too large, and is a JSON
 *   object with `keys`.
 */
export async function fetchJwks(
  url: URL,
  { timeoutMs, fetch: send }: FetchOptions,
): Promise<readonly unknown[]> {
  const answer = await send(url, {
    headers: { Accept: 'application/jwk-set+json, application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new Error(`The server of the JWK Set answered with status ${answer.status}`);
  }
  const parsed: unknown = JSON.parse(await readBounded(answer));
  const keys: unknown =
    typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'keys') : undefined;
  if (!Array.isArray(keys)) throw new Error('The response is not a JWK Set: it has no array "keys"');
  if (keys.length > MAX_KEYS) throw new Error(`The JWK Set has more than ${MAX_KEYS} keys`);
  return keys;
}

async function readBounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error(`The JWK Set is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
