import type { Request } from 'express';

/** Path prefixes that group requests without a matching route. */
const AREAS = ['/v1', '/documents', '/admin', '/sessions', '/proxy', '/oauth', '/.well-known'];

/** Returns the route pattern of a request, or `other`. Unlike paths, patterns have bounded cardinality. */
export function matchedRoute(req: Request): string {
  return findRoute(req) ?? 'other';
}

/** Like `matchedRoute`, but returns `undefined` if no route matches. */
export function findRoute({ route, baseUrl, path, originalUrl }: Request): string | undefined {
  if (typeof route?.path === 'string') return `${baseUrl.toLowerCase()}${route.path}`;
  const whole = (originalUrl || path).toLowerCase();
  return AREAS.find((area) => whole === area || whole.startsWith(`${area}/`));
}
