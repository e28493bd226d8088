/** A credential, or what yields it anew each time, such as by reading the file that a Vault Agent keeps current. */
export type VaultCredential = string | (() => string | Promise<string>);

/**
 * @param name how messages call it; they never show it.
 * @throws Error where it is not there when the signal ends the wait, or could not stand in a header.
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

/** @throws TypeError for an option that is no credential. */
export function assertCredential(value: unknown, name: string): void {
  if (typeof value === 'function' || (typeof value === 'string' && value.trim() !== '')) return;
  throw new TypeError(`${name} must be a text, or a function that yields it`);
}

/** Waits for what does not know the signal itself. @throws Error where the signal comes first. */
export function awaitUntil<Value>(
  signal: AbortSignal,
  pending: Value | PromiseLike<Value>,
  name: string,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new Error(`${name} was not there in time`, { cause: signal.reason }));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
    Promise.resolve(pending).then(resolve, reject);
  });
}
