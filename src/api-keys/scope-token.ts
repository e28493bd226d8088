import * as v from 'valibot';
import { isScopeToken } from '../token/claims/scope.js';
import { text } from './text.js';

/** Schema for a permission: one scope token (RFC 6749 §3.3). */
export const scopeToken = v.pipe(
  text(128),
  v.check(
    (scope) => isScopeToken(scope),
    'must be one scope token (RFC 6749 §3.3): printable ASCII without spaces, double quotes and backslashes',
  ),
  v.check(
    (scope) => scope !== 'offline_access',
    'must not be offline_access: to allow refresh tokens, set refresh_tokens',
  ),
);
