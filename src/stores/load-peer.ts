/**
 * Loads the client of a driver, which is an optional peer.
 * @throws Error that says what to install where it is missing.
 */
export async function loadPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    throw new Error(`This store needs the package ${name}: npm install ${name}`, { cause });
  }
}

/** A package that is there but cannot be loaded, such as a binary for another machine, says so by itself. */
function isMissing(cause: unknown, name: string): boolean {
  if (typeof cause !== 'object' || cause === null) return false;
  const code: unknown = Reflect.get(cause, 'code');
  const message: unknown = Reflect.get(cause, 'message');
  return code === 'ERR_MODULE_NOT_FOUND' && String(message).includes(`'${name}'`);
}
