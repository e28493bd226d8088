import { once } from '../base/once.js';

/**
 * Options of `passport.authenticate()` that Passport passes to the strategy.
 *
 * @inline
 */
export interface PassportOptions {
  readonly session?: boolean;
  readonly assignProperty?: string;
  readonly failWithError?: boolean;
}

/** Checks the options of `passport.authenticate()` for an accepted request, unless `session` is `false`. */
export type SessionCheck = (options: PassportOptions) => void;

/**
 * Create a check that emits a process warning, once, if `session: false` is missing. Passport then answers 500, or
 * stores the user of a bearer token in a session that outlives the token. Its error does not name the remedy.
 */
export function createSessionCheck(): SessionCheck {
  const warnOnce = once(() =>
    process.emitWarning(
      'JweStrategy runs without session: false, so Passport starts a login session for each bearer token, and answers 500 without session support: pass { session: false } to passport.authenticate()',
      { code: 'PASSPORT_JWE_SESSION' },
    ),
  );
  return ({ assignProperty }) => {
    // With `assignProperty`, Passport starts no login session.
    if (assignProperty === undefined) warnOnce();
  };
}
