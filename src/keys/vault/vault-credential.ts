/** A credential, or a function that returns the current one, for example from the file of a Vault Agent. */
export type VaultCredential = string | (() => string | Promise<string>);

/**
 * Reads a credential.
 *
 * @param name the name of the credential in error messages, which never show its value.
 * @throws Error (as rejection) if the signal aborts first, or the value is not valid in a header.
 */
export async function readCredential(
  credential: VaultCredential,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const value = typeof credential === 'string' ? credential : await awaitUntil(signal, credential(), name);
  const text = typeof value === 'string' ? value.trim() : '';
  if (!/^[\x21-\x7e]{1,16384}$/.test(text)) throw new Error(`${name} is empty or malformed`);
  return text;
}

/** @throws TypeError if an option is not a credential. */
export function assertCredential(value: unknown, name: string): void {
  if (typeof value === 'function' || (typeof value === 'string' && value.trim() !== '')) return;
  throw new TypeError(
    `vaultKeySource: auth.${name} must be a non-empty string, or a function that returns one`,
  );
}

/** Awaits a promise that does not support the signal. @throws Error (as rejection) if the signal aborts first. */
export function awaitUntil<Value>(
  signal: AbortSignal,
  pending: Value | PromiseLike<Value>,
  name: string,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new Error(`${name} was not available in time`, { cause: signal.reason }));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
    Promise.resolve(pending).then(resolve, reject);
  });
}
