/** Credential, or a function that returns the current one, for example from a file that Vault Agent writes. */
export type VaultCredential = string | (() => string | Promise<string>);

/**
 * Read and validate a credential.
 *
 * @param name the name of the credential, for error messages. They never contain its value.
 * @throws Error (as rejection) if the signal aborts first, or the value is not valid in an HTTP header.
 */
export async function readCredential(
  credential: VaultCredential,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const value = typeof credential === 'string' ? credential : await awaitUntil(signal, credential(), name);
  const text = typeof value === 'string' ? value.trim() : '';
  if (!/^[\x21-\x7e]{1,16384}$/.test(text))
    throw new Error(`${name} is empty or malformed: check auth in vaultKeySource()`);
  return text;
}

/**
 * Assert that an option is a credential.
 *
 * @throws TypeError if the option is neither a non-empty string nor a function.
 */
export function assertCredential(value: unknown, name: string): void {
  if (typeof value === 'function' || (typeof value === 'string' && value.trim() !== '')) return;
  throw new TypeError(
    `vaultKeySource: auth.${name} must be a non-empty string, or a function that returns one: pass the credential or () => readCredential()`,
  );
}

/**
 * Await a promise, but reject when the signal aborts.
 *
 * @param name the name of the awaited value, for the error message.
 * @throws Error (as rejection) if the signal aborts first.
 */
export function awaitUntil<Value>(
  signal: AbortSignal,
  pending: Value | PromiseLike<Value>,
  name: string,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const give = (): void =>
      reject(
        new Error(
          `${name} did not arrive within timeoutMs: check auth and the server, or raise timeoutMs in vaultKeySource()`,
          {
            cause: signal.reason,
          },
        ),
      );
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
    Promise.resolve(pending).then(resolve, reject);
  });
}
