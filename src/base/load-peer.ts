import { messageOf } from './message-of.js';

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
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
  return code === 'ERR_MODULE_NOT_FOUND' && messageOf(cause).includes(`'${name}'`);
}
