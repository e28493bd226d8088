import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import passport from 'passport';
import {
  authenticate,
  bearerErrors,
  JweStrategy,
  type JweStrategyOptions,
  verifiedToken,
} from 'passport-jwe';

/** One way of putting authentication in front of a route. */
export interface Adapter {
  readonly name: string;
  /** Whether failures of the authentication itself are answered with the body of the failure table. */
  readonly answersBody: boolean;
  readonly createApp: (options: JweStrategyOptions, guards?: readonly RequestHandler[]) => Express;
}

/** Every way that there is. */
export const ADAPTERS: readonly Adapter[] = [
  {
    name: 'authenticate()',
    answersBody: true,
    createApp: (options, guards) => createApp(authenticate(options), guards),
  },
  {
    name: 'authenticate() with failWithError and bearerErrors()',
    answersBody: true,
    createApp: (options, guards) =>
      createApp(authenticate({ ...options, failWithError: true }), guards, bearerErrors()),
  },
  {
    name: 'passport.authenticate()',
    answersBody: false,
    createApp: (options, guards) => createApp(byPassport(options, { session: false }), guards),
  },
  {
    name: 'passport.authenticate() with failWithError and bearerErrors()',
    answersBody: true,
    createApp: (options, guards) =>
      createApp(byPassport(options, { session: false, failWithError: true }), guards, bearerErrors()),
  },
];

function byPassport(options: JweStrategyOptions, authenticateOptions: object): RequestHandler {
  const authenticator = new passport.Passport();
  authenticator.use(new JweStrategy({ ...options, passReqToCallback: false }));
  return authenticator.authenticate('jwe', authenticateOptions);
}

function createApp(
  authentication: RequestHandler,
  guards: readonly RequestHandler[] = [],
  ...errorHandlers: readonly ErrorRequestHandler[]
): Express {
  const app = express();
  app.set('env', 'test');
  app.use(express.urlencoded({ extended: false }));
  app.all('/resource', authentication, ...guards, (req, res) => {
    res.json({ sub: verifiedToken(req).claims.sub });
  });
  for (const handler of errorHandlers) app.use(handler);
  return app;
}
