import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import passport from 'passport';
import {
  authenticate,
  createLimits,
  createMemoryStores,
  createRevocations,
  createSessions,
  JweStrategy,
  type JweStrategyOptions,
  type KeyRing,
  limitRequests,
  requireScope,
  sessionRouter,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import { Strategy } from 'passport-strategy';
import request from 'supertest';
import { ADAPTERS } from '../support/apps.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

let keyRing: KeyRing;
let recorder: ReturnType<typeof createAuditRecorder>;

beforeAll(async () => {
  keyRing = await createRing();
});

beforeEach(() => {
  recorder = createAuditRecorder();
});

const MISSING_SCOPE = { type: 'token.refused', code: 'ERR_INSUFFICIENT_SCOPE', clientId: 'demo' };
const NO_USER = { type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'no_user', count: 1 };

function optionsOf(options: Pick<JweStrategyOptions, 'scope'> = {}) {
  const { audit } = recorder;
  return { keyRing, issuer: ISSUER, audience: AUDIENCE, audit, clock, ...options };
}

const lacksScope = () => new JweStrategy(optionsOf({ scope: 'admin' }));
const findsNobody = () => new JweStrategy(optionsOf(), async () => undefined);

/** Another kind of credentials, which are always right. */
class ByName extends Strategy {
  override authenticate(): void {
    this.success({ name: 'by another strategy' });
  }
}

/** Passport with a callback that lets every request pass. */
function pass(strategy: Strategy): RequestHandler {
  const authenticator = new passport.Passport().use('jwe', strategy);
  return (req, res, next) =>
    authenticator.authenticate('jwe', { session: false }, () => next())(req, res, next);
}

const goOn: ErrorRequestHandler = (_error, _req, _res, next) => next();

function createApp(...handlers: readonly (RequestHandler | ErrorRequestHandler)[]): Express {
  const app = express();
  app.set('env', 'test');
  for (const handler of handlers) app.use(handler);
  return app.all('/resource', (_req, res) => void res.json({}));
}

/** What a request comes to, and all that is on record then. */
async function ask(app: Express): Promise<{ status: number; records: readonly AuditRecord[] }> {
  const { status } = await request(app).get('/resource').auth(mintToken(keyRing), { type: 'bearer' });
  await recorder.audit.flush();
  return { status, records: recorder.records };
}

/** All that turns away a request whose authentication was refused. */
const GUARDS: readonly (readonly [string, () => RequestHandler])[] = [
  ['requireScope()', () => requireScope('write:documents')],
  [
    'limitRequests()',
    () => limitRequests({ limits: createLimits({ stores: createMemoryStores({ clock }), clock }) }),
  ],
  [
    'sessionRouter()',
    () => {
      const stores = createMemoryStores({ clock });
      const revocations = createRevocations({ stores, clock });
      return sessionRouter({ sessions: createSessions({ stores, revocations, clock }) });
    },
  ],
];

describe.each(GUARDS)('a rejection is recorded once if %s follows', (_, createGuard) => {
  test.each([
    ['403', lacksScope, MISSING_SCOPE],
    ['401', findsNobody, NO_USER],
  ])('and the callback given to Passport let a %s pass', async (status, createStrategy, refusal) => {
    const { records, ...answer } = await ask(createApp(pass(createStrategy()), createGuard()));

    expect(answer.status).toBe(Number(status));
    expect(records).toMatchObject([refusal]);
  });

  test('and another strategy of Passport let the request pass', async () => {
    const authenticator = new passport.Passport().use('jwe', findsNobody()).use('name', new ByName());
    const authentication = authenticator.authenticate(['jwe', 'name'], { session: false });
    const { status, records } = await ask(createApp(authentication, createGuard()));

    expect(status).toBe(401);
    expect(records).toMatchObject([NO_USER]);
  });

  test('and an error handler of the application let it pass, more than once', async () => {
    const authentication = authenticate({ ...optionsOf({ scope: 'admin' }), failWithError: true });
    const { status, records } = await ask(
      createApp(authentication, goOn, createGuard(), goOn, createGuard()),
    );

    expect(status).toBe(403);
    expect(records).toMatchObject([MISSING_SCOPE]);
  });
});

describe.each(ADAPTERS)('$name', ({ createApp: createAdapted }) => {
  test('records the rejection of a request once', async () => {
    const { status, records } = await ask(createAdapted(optionsOf({ scope: 'admin' })));

    expect(status).toBe(403);
    expect(records).toMatchObject([MISSING_SCOPE]);
  });

  test('records the rejection by a later guard once, after the acceptance', async () => {
    const { status, records } = await ask(createAdapted(optionsOf(), [requireScope('admin')]));

    expect(status).toBe(403);
    expect(records).toMatchObject([{ type: 'token.accepted' }, MISSING_SCOPE]);
  });
});
