/** Largest set that is read, in bytes. */
const MAX_BYTES = 256 * 1024;

/** Importing a key takes milliseconds, which an issuer must not multiply at will. */
const MAX_KEYS = 100;

export interface FetchOptions {
  /** Longest wait for the whole answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
}

/**
 * Fetches a JWK Set, whose keys are not looked at yet.
 * @throws Error (as rejection) for everything but a JSON object with `keys` in a 200 of bounded size and time.
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
    throw new Error(`The JWK Set was answered with ${answer.status}`);
  }
  const parsed: unknown = JSON.parse(await readBounded(answer));
  const keys: unknown =
    typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'keys') : undefined;
  if (!Array.isArray(keys)) throw new Error('The answer is no JWK Set');
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
