import { parseScope } from '../token/claims/scope.js';

/**
 * Resolve the scope that an application grants.
 *
 * @throws TypeError if it is malformed
 */
export function resolveScope(scope: unknown, where: string): readonly string[] {
  const tokens = parseScope(scope ?? []);
  if (tokens !== undefined) return tokens;
  throw new TypeError(
    `${where}: scope must be scope tokens (RFC 6749 §3.3) as an array or separated by single spaces, for example "read write"`,
  );
}
