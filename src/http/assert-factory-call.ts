/**
 * Assert that an application called a middleware factory, and did not mount it, as in `app.use(requireScope)`. Express
 * would pass it each request and wait for `next()`.
 *
 * @param args arguments of the factory
 * @param call valid call for the error message, for example `requireScope('read')`
 * @throws TypeError if the first argument is a request. Express passes the error to the error handlers
 */
export function assertFactoryCall(args: readonly unknown[], call: string): void {
  if (!isRequest(args[0])) return;
  const [name] = call.split('(', 1);
  throw new TypeError(`${name}: received a request: write app.use(${call}), not app.use(${name})`);
}

/** Whether a value is a request. Serverless hosts pass requests that are not an `IncomingMessage`. */
function isRequest(value: unknown): boolean {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && 'headers' in value && 'method' in value && 'url' in value;
}
