import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import {
  authenticate,
  createDecryptionKeys,
  InvalidRequestError,
  type KeyRing,
  requireClaims,
  TemporarilyUnavailableError,
  trustedIssuer,
} from 'passport-jwe';
import request from 'supertest';
import { ADAPTERS } from '../support/apps.js';
import { generateRecipient, generateSigner } from '../support/key-pairs.js';
import { createParties, forgeNested } from '../support/signed-tokens.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

interface MyClaims {
  readonly tenant: string;
}

const DENIED = { error: 'access_denied', error_description: expect.any(String) };

let keyRing: KeyRing;
let token: string;

beforeAll(async () => {
  keyRing = await createRing();
  token = mintToken(keyRing, { claims: { tenant: 'acme' } });
});

const optionsOf = () => ({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });

const later = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(resolve, value));

/** An application whose error handler sends the name and the message of the error. */
function createApp(guard: RequestHandler, authentication = authenticate(optionsOf())): Express {
  const app = express();
  app.use(authentication);
  app.get('/:tenant', guard, (_req, res) => void res.json({ reached: true }));
  app.use(((error, _req, res, _next) => {
    res.status(500).json({ name: error.name, message: error.message });
  }) satisfies ErrorRequestHandler);
  return app;
}

const ask = (app: Express, path = '/acme') => request(app).get(path).auth(token, { type: 'bearer' });

describe.each(ADAPTERS)('requireClaims, behind $name,', ({ createApp: createAdapted }) => {
  test.each([
    ['true', () => true, 200],
    ['false', () => false, 403],
    ['a promise of true', () => later(true), 200],
    ['a promise of false', () => later(false), 403],
  ])('for %s', async (_, accepts, status) => {
    const app = createAdapted(optionsOf(), [requireClaims(accepts)]);
    const answer = await ask(app, '/resource');

    expect(answer.status).toBe(status);
    if (status === 403) {
      expect(answer.body).toEqual(DENIED);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="api", error="access_denied"/);
    }
  });

  test.each([
    [
      'synchronously',
      () => {
        throw new InvalidRequestError('No tenant');
      },
      400,
    ],
    [
      'asynchronously',
      async () => {
        throw new InvalidRequestError('No tenant');
      },
      400,
    ],
    [
      'because a store is unavailable',
      async () => {
        throw new TemporarilyUnavailableError();
      },
      503,
    ],
  ])(
    'keeps the status of an error of this package that the function throws %s',
    async (_, accepts, status) => {
      const app = createAdapted(optionsOf(), [requireClaims(accepts)]);

      expect((await ask(app, '/resource')).status).toBe(status);
    },
  );
});

describe('requireClaims', () => {
  test('passes the claims, with their custom claims, and the request to the function', async () => {
    const guard = requireClaims<MyClaims>((claims, req) => claims.tenant === req.params['tenant']);

    expect((await ask(createApp(guard), '/acme')).body).toEqual({ reached: true });
    expect((await ask(createApp(guard), '/other')).body).toEqual(DENIED);
  });

  test('has a name, for stack traces and route listings', () => {
    expect(requireClaims(() => true)).toHaveProperty('name', 'requireClaims');
  });

  test('rejects every request if no authentication ran, without calling the function', async () => {
    const calls: unknown[] = [];
    const app = express();
    app.get(
      '/',
      requireClaims((claims) => calls.push(claims) > 0),
    );
    const answer = await request(app).get('/').auth(token, { type: 'bearer' });

    expect(answer.status).toBe(401);
    expect(calls).toEqual([]);
  });

  test.each([
    ['undefined', () => undefined],
    ['an object', () => ({ tenant: 'acme' })],
    ['1', () => 1],
    ['a promise of undefined', () => later(undefined)],
    ["a promise of 'true'", async () => 'true'],
  ])('treats %s as a programming error', async (_, accepts) => {
    const answer = await ask(createApp(requireClaims(untypedValue(accepts))));

    expect(answer.body).toEqual({
      name: 'TypeError',
      message: expect.stringMatching(
        /^requireClaims: accepts must return true or false, or a promise of one: /,
      ),
    });
  });

  test('waits for a promise of another library', async () => {
    const settle = (resolve: (value: boolean) => void) => void setImmediate(resolve, false);
    const thenable = Object.fromEntries([['then', settle]]);

    expect((await ask(createApp(requireClaims(untypedValue(() => thenable))))).status).toBe(403);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
    [
      'rejects with',
      async () => {
        throw new Error('bug');
      },
    ],
  ])('passes what the function %s to the error handlers', async (_, accepts) => {
    expect((await ask(createApp(requireClaims(accepts)))).body).toEqual({ name: 'Error', message: 'bug' });
  });
});

describe('a token of a trusted issuer', () => {
  const PARTNER = 'https://partner.example.com';

  /** The status for a token of the partner with these claims. */
  async function statusOf(guard: RequestHandler, claims: Record<string, unknown>): Promise<number> {
    const ours = await createParties();
    const recipient = generateRecipient('ECDH-ES', { kid: 'partner' }, 'X25519');
    const partner = await createParties(recipient, generateSigner('EdDSA', { kid: 'partner-1' }));
    const decryption = await createDecryptionKeys({ jwk: recipient.privateJwk });
    const app = express();
    app.use(
      authenticate({
        ...{ keyRing: ours.serverRing, issuer: ISSUER, audience: AUDIENCE, clock: () => NOW },
        verification: { [ISSUER]: ours.verificationKeys },
        trustedIssuers: [
          trustedIssuer({
            ...{ issuer: PARTNER, audience: AUDIENCE, scopes: [] },
            ...{ decryption, verification: partner.verificationKeys },
          }),
        ],
      }),
    );
    app.get('/', guard, (_req, res) => void res.json({}));
    const foreign = await forgeNested(partner, { claims: { iss: PARTNER, ...claims } });
    return (await request(app).get('/').auth(foreign, { type: 'bearer' })).status;
  }

  test('shows its issuer and its claims to the function', async () => {
    const ofPartner = requireClaims<MyClaims>(({ iss, tenant }) => iss === PARTNER && tenant === 'acme');

    expect(await statusOf(ofPartner, { tenant: 'acme' })).toBe(200);
    expect(await statusOf(ofPartner, { tenant: 'other' })).toBe(403);
  });

  test('never has a type, so that a check of the type protects the identities of home issuers', async () => {
    const isAlice = requireClaims((claims) => claims.type === 'user' && claims.sub === 'alice');

    expect(await statusOf(isAlice, { type: 'user', sub: 'alice', client_id: ISSUER })).toBe(403);
  });
});
