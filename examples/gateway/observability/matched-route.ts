import type { Request } from 'express';

/** Path prefixes that serve as the route of requests that match no route pattern. */
const AREAS = ['/v1', '/documents', '/admin', '/sessions', '/proxy', '/oauth', '/.well-known'];

/** Returns the route pattern of a request, or `other`. Patterns have bounded cardinality, unlike paths. */
export function matchedRoute(req: Request): string {
  return findRoute(req) ?? 'other';
}

/** Returns the route pattern of a request, or `undefined` if the request matches none. */
export function findRoute({ route, baseUrl, path, originalUrl }: Request): string | undefined {
  if (typeof route?.path === 'string') return `${baseUrl.toLowerCase()}${route.path}`;
  const whole = (originalUrl || path).toLowerCase();
  return AREAS.find((area) => whole === area || whole.startsWith(`${area}/`));
}
