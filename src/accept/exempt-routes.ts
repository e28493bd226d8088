import { METHODS } from 'node:http';
import { assertOptions, type KnownOptions } from '../base/options.js';
import type { IncomingRequest } from '../http/incoming-request.js';

/** Route that requests can use without a token. */
export interface ExemptRoute {
  /**
   * Exact path as clients send it, with the mount path and without a query, for example `/health`. A different case,
   * encoding or trailing slash does not match.
   */
  readonly path: string;
  /**
   * HTTP method of the route. `GET` includes `HEAD`.
   *
   * @default 'GET'
   */
  readonly method?: string;
}

const KNOWN: KnownOptions<ExemptRoute> = { path: true, method: true };

/**
 * Create a check for requests of the exempt routes. Other spellings of a path, which Express may route to the same
 * handler, require a token.
 *
 * @returns `undefined` if the option `unless` is not set
 * @throws TypeError if a route is malformed
 */
export function createExemption(
  routes: readonly (string | ExemptRoute)[] | undefined,
  where: string,
): ((req: IncomingRequest) => boolean) | undefined {
  if (routes === undefined) return undefined;
  if (!Array.isArray(routes))
    throw new TypeError(
      `${where}: unless must be an array of routes, for example [{ method: "POST", path: "/login" }]`,
    );
  const exempt = new Set(
    routes.flatMap((route, index) => {
      if (typeof route === 'string') return listKeys({ path: route }, `${where}: unless[${index}]`);
      assertOptions(route, KNOWN, `${where}: unless[${index}]`);
      return listKeys(route, `${where}: unless[${index}]`);
    }),
  );
  return (req) => exempt.has(keyOf(req.method ?? '', pathOf(req)));
}

/** @param where function and member of the option, for the error messages */
function listKeys({ path, method = 'GET' }: ExemptRoute, where: string): readonly string[] {
  if (typeof path !== 'string' || !/^\/[^?#*:\s]*$/.test(path))
    throw new TypeError(`${where}.path must be an exact path without patterns, for example "/health"`);
  if (!METHODS.includes(method))
    throw new TypeError(`${where}.method must be an HTTP method in upper case, for example "POST"`);
  return (method === 'GET' ? ['GET', 'HEAD'] : [method]).map((each) => keyOf(each, path));
}

function keyOf(method: string, path: string): string {
  return `${method} ${path}`;
}

/** Return the path that Express routes. `req.originalUrl` omits the changes of middleware that rewrites `req.url`. */
function pathOf({ baseUrl, url }: IncomingRequest): string {
  return `${baseUrl ?? ''}${(url ?? '').split('?', 1).join('')}`;
}
