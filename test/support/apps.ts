import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import passport from 'passport';
import {
  authenticate,
  bearerErrors,
  forwardAuth,
  JweStrategy,
  type JweStrategyOptions,
  verifiedToken,
} from 'passport-jwe';

/** One way of putting authentication in front of a route. */
export interface Adapter {
  readonly name: string;
  /** Whether failures of the authentication itself are answered with the body of the failure table. */
  readonly answersBody: boolean;
  /** Body of the response to an accepted request. Default: the subject, in JSON. */
  readonly acceptedBody?: string;
  /** Whether malformed requests get 401, for proxies that know no 400. Default: no. */
  readonly rejectsBy401?: boolean;
  readonly createApp: (options: JweStrategyOptions, guards?: readonly RequestHandler[]) => Express;
}

/** A request as serverless-http creates it: received headers are unknown, repeated ones are joined. */
const asServerless: RequestHandler = (req, _res, next) => {
  const { authorization } = req.headersDistinct;
  if (authorization !== undefined) req.headers.authorization = authorization.join(', ');
  req.rawHeaders = [];
  Object.defineProperty(req, 'headersDistinct', { value: undefined });
  next();
};

/** Middleware that sets the header, as the client sends it under another name. An array keeps repeated values apart. */
const setsHeader: RequestHandler = (req, _res, next) => {
  const { authorization } = req.headersDistinct;
  req.rawHeaders = req.rawHeaders.map((each) => (/^authorization$/i.test(each) ? 'X-Original' : each));
  if (authorization !== undefined) Object.assign(req.headers, { authorization });
  next();
};

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

/** Variants of an adapter on other hosts than a plain Node.js server. */
function onOtherHosts(adapter: Adapter): readonly Adapter[] {
  return [
    ['on a serverless host', asServerless] as const,
    ['behind middleware that sets the header', setsHeader] as const,
  ].map(([host, prepare]) => ({
    ...adapter,
    name: `${adapter.name} ${host}`,
    createApp: (options, guards) =>
      express().set('env', 'test').use(prepare, adapter.createApp(options, guards)),
  }));
}

function onEveryHost(adapter: Adapter): readonly Adapter[] {
  return [adapter, ...onOtherHosts(adapter)];
}

/** Every adapter, on every kind of host. */
export const HOSTED_ADAPTERS: readonly Adapter[] = ADAPTERS.flatMap(onEveryHost);

/** Plays the proxy: the original request is in headers, and the request itself is another. */
const asProxy: RequestHandler = (req, _res, next) => {
  req.headers['x-original-method'] = req.method;
  req.headers['x-original-uri'] = req.originalUrl;
  Object.assign(req, { method: 'GET', url: '/auth', originalUrl: '/auth' });
  next();
};

/** `forwardAuth()`, on every kind of host. It reads no body, and sends the response to a proxy. */
export const FORWARD_ADAPTERS: readonly Adapter[] = onEveryHost({
  name: 'forwardAuth()',
  answersBody: true,
  acceptedBody: '',
  rejectsBy401: true,
  createApp: (options, guards = []) =>
    express()
      .set('env', 'test')
      .use(asProxy, forwardAuth({ ...options, guards })),
});

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
