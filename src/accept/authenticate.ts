import { assertOptions, type KnownOptions } from '../base/options.js';
import { assertFactoryCall } from '../http/assert-factory-call.js';
import type { Middleware } from '../http/middleware.js';
import { remedyForOption } from '../verify/remedy-for-option.js';
import { ACCEPT_OPTIONS, type AuthenticateOptions } from './accept-options.js';
import { createBearerMiddleware } from './create-bearer-middleware.js';

const KNOWN: KnownOptions<AuthenticateOptions> = {
  ...ACCEPT_OPTIONS,
  credentialsRequired: true,
  failWithError: true,
};

/**
 * Express middleware that authenticates requests by encrypted bearer tokens. Mount it with `app.use()` or on a single
 * route. It responds to rejected requests with a challenge (RFC 6750 §3). Handlers read the token with
 * `verifiedToken(req)`.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @example
 * app.use(authenticate({ keyRing, issuer, audience }));
 * app.get('/me', (req, res) => res.json(verifiedToken(req).claims));
 */
export function authenticate(options: AuthenticateOptions): Middleware {
  assertFactoryCall([options], 'authenticate({ keyRing, issuer, audience })');
  assertOptions(options, KNOWN, 'authenticate', remedyForOption);
  return createBearerMiddleware(options, 'authenticate');
}
