import { messageOf } from './message-of.js';

/**
 * Load an optional peer dependency, such as the client library of a store or directory.
 *
 * @param name package name.
 * @throws Error (as rejection) if the package is not installed. The message contains the `npm install` command.
 */
export async function loadPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    throw new Error(`This function requires the package ${name}: run npm install ${name}`, { cause });
  }
}

/** Whether the package itself is missing. Other import errors, such as a missing binary, have a clear message. */
function isMissing(cause: unknown, name: string): boolean {
  const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
  return code === 'ERR_MODULE_NOT_FOUND' && messageOf(cause).includes(`'${name}'`);
}
