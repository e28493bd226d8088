import { messageOf } from './message-of.js';

/**
 * Loads an optional peer dependency, such as the client library of a store.
 *
 * @throws Error (as rejection) if the package is not installed. Its message names the `npm install` command.
 */
export async function loadPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    throw new Error(`This store needs the package ${name}: npm install ${name}`, { cause });
  }
}

/** Other failures, such as a binary for another platform, already have a clear message. */
function isMissing(cause: unknown, name: string): boolean {
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
  return code === 'ERR_MODULE_NOT_FOUND' && messageOf(cause).includes(`'${name}'`);
}
