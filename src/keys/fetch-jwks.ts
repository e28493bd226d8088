/** Maximum size of a JWK Set in bytes. */
const MAX_BYTES = 256 * 1024;

/**
 * Maximum number of keys in a JWK Set. Importing a key takes milliseconds, so a hostile issuer could exhaust the CPU.
 */
const MAX_KEYS = 100;

export interface FetchOptions {
  /** Timeout for the whole response in milliseconds. */
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
}

/**
 * Fetch a JWK Set, and return its keys unparsed.
 *
 * @throws Error (as rejection) if the request fails or times out, the status is not 200, or the response is too large
 *   or not a JWK Set.
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
    throw new Error(
      `The JWK Set request returned status ${answer.status}, expected 200: check url in remoteJwks()`,
    );
  }
  const parsed: unknown = JSON.parse(await readBounded(answer));
  const keys: unknown =
    typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'keys') : undefined;
  if (!Array.isArray(keys))
    throw new Error(
      'The response is not a JWK Set, an object with an array "keys": check url in remoteJwks()',
    );
  if (keys.length > MAX_KEYS)
    throw new Error(`The JWK Set has more than ${MAX_KEYS} keys: ask the issuer to remove unused keys`);
  return keys;
}

async function readBounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES)
      throw new Error(`The JWK Set is larger than ${MAX_BYTES} bytes: check url in remoteJwks()`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
