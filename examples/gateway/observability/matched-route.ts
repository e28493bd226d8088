import type { Request } from 'express';

/** What requests that match no route are counted under, by where they were headed. */
const AREAS = ['/v1', '/documents', '/admin', '/sessions', '/proxy', '/oauth', '/.well-known'];

/** The route of a request as it is written in the code: of these there are few, of paths without end. */
export function matchedRoute(req: Request): string {
  return findRoute(req) ?? 'other';
}

/** The same, and nothing where a path leads nowhere. */
export function findRoute({ route, baseUrl, path, originalUrl }: Request): string | undefined {
  if (typeof route?.path === 'string') return `${baseUrl.toLowerCase()}${route.path}`;
  const whole = (originalUrl || path).toLowerCase();
  return AREAS.find((area) => whole === area || whole.startsWith(`${area}/`));
}
