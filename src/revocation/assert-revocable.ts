import { isNumericDate } from '../base/clock.js';
import { assertObject, describeName } from '../base/options.js';
import type { Revocable } from './revocable.js';

/**
 * Assert that a revocation target is valid. Without this check, a malformed target could match no token.
 *
 * @throws TypeError if the kind or a member is unknown, an identity is not a non-empty string, or a time is not in
 *   seconds
 */
export function assertRevocable(target: Revocable): void {
  assertObject(target, 'revoke: target', '{ kind: "session", clientId, sessionId }');
  const members = MEMBERS.get(target.kind);
  if (members === undefined)
    throw new TypeError(`revoke: kind must be one of ${[...MEMBERS.keys()].join(', ')}`);
  for (const [name, value] of Object.entries(target)) {
    if (name !== 'kind' && members[name] === undefined) {
      const expected = Object.keys(members).join(', ');
      throw new TypeError(
        `revoke: unknown member ${describeName(name)} for the kind ${target.kind}; expected one of: ${expected}`,
      );
    }
    if (value !== undefined && !DATES.has(name) && !isName(value)) {
      throw new TypeError(`revoke: ${name} must be a non-empty string: ${REMEDY}`);
    }
  }
  for (const [name, presence] of Object.entries(members)) {
    if (presence === 'required' && Reflect.get(target, name) === undefined) {
      throw new TypeError(
        `revoke: ${name} is required for the kind ${target.kind} and must be a non-empty string: ${REMEDY}`,
      );
    }
  }
  assertDates(target);
}

/** A time in milliseconds would revoke future tokens, and a time that is no number none. */
function assertDates(target: Revocable): void {
  if (target.kind === 'token' && !isNumericDate(target.expiresAt)) {
    throw new TypeError('revoke: expiresAt must be in seconds since 1970: pass the exp claim of the token');
  }
  if (target.kind === 'token' && target.issuedAt !== undefined && !isNumericDate(target.issuedAt)) {
    throw new TypeError('revoke: issuedAt must be in seconds since 1970: pass the iat claim of the token');
  }
  if (target.kind === 'api_key' && target.issuedUpTo !== undefined && !isNumericDate(target.issuedUpTo)) {
    throw new TypeError('revoke: issuedUpTo must be in seconds since 1970: pass Date.now() / 1000');
  }
}

const REMEDY = 'pass the ID from the token, its API key or the audit log';

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

const DATES: ReadonlySet<string> = new Set(['expiresAt', 'issuedAt', 'issuedUpTo']);

type Members = Readonly<Record<string, 'required' | 'optional'>>;

/** Members of each kind of target. A misspelt optional member would revoke more tokens than intended. */
const MEMBERS: ReadonlyMap<Revocable['kind'], Members> = new Map<Revocable['kind'], Members>([
  [
    'token',
    {
      ...{ jti: 'required', clientId: 'optional', subject: 'optional', issuer: 'optional' },
      ...{ expiresAt: 'optional', issuedAt: 'optional' },
    },
  ],
  ['session', { clientId: 'required', sessionId: 'required', subject: 'optional', issuer: 'optional' }],
  ['api_key', { clientId: 'required', issuedUpTo: 'optional', issuer: 'optional' }],
  ['subject', { clientId: 'required', subject: 'required', issuer: 'optional' }],
  ['kid', { kid: 'required' }],
]);
