import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { type AuthenticateOptions, authenticate, createMemoryStores, type KeyRing } from 'passport-jwe';
import type { Stores } from 'passport-jwe/stores';
import request from 'supertest';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import { createDpopApp } from '../support/dpop-app.js';
import { createProof, createProofSigner, type ProofSigner } from '../support/dpop-proofs.js';
import { describeWithRedis, startRedis } from '../support/redis.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

// The rows of the table "Stolen tokens" in SECURITY.md: the options of an attacker, with and without DPoP.

type DpopOptions = AuthenticateOptions['dpop'];

let keyRing: KeyRing;
let client: ProofSigner;
let attacker: ProofSigner;
let bearer: string;
let bound: string;
let now = NOW;

beforeAll(async () => {
  keyRing = await createRing();
  [client, attacker] = [createProofSigner(), createProofSigner()];
  bearer = mintToken(keyRing);
  bound = mintToken(keyRing, { claims: { cnf: { jkt: client.jkt } } });
});

beforeEach(() => {
  now = NOW;
});

/** A process that serves the API. */
function createProcess(dpop: Partial<DpopOptions> = {}): Express {
  const app = express();
  app.set('env', 'test');
  app.use(
    authenticate({
      ...{ keyRing, issuer: ISSUER, audience: AUDIENCE, clock: () => now },
      tokenLocations: { authorization: true, cookie: 'token' },
      dpop: { mode: 'allow', baseUrl: AUDIENCE, ...dpop },
    }),
  );
  app.use((_req, res) => void res.json({}));
  return app;
}

interface Attempt {
  readonly method?: 'GET' | 'POST';
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function send(app: Express, { method = 'GET', path = '/pay', headers }: Attempt): Promise<number> {
  const sent = method === 'GET' ? request(app).get(path) : request(app).post(path);
  return (await sent.set(headers)).status;
}

/** Proof of the client for `GET /pay`. */
const prove = (claims: object = {}): string =>
  createProof(client, { url: `${AUDIENCE}/pay`, token: bound, claims: { ...claims } });

const withProof = (proof: string) => ({ Authorization: `DPoP ${bound}`, DPoP: proof });

describe('an attacker with a stolen access token', () => {
  test('uses a bearer token until it expires', async () => {
    const app = createProcess();
    const headers = { Authorization: `Bearer ${bearer}` };
    const during = [await send(app, { headers }), await send(app, { headers, method: 'POST' })];
    now = NOW + 3600;

    expect([...during, await send(app, { headers })]).toEqual([200, 200, 401]);
  });

  test('cannot use a bound token', async () => {
    const app = createProcess();
    const url = `${AUDIENCE}/pay`;
    const attempts = [
      { Authorization: `Bearer ${bound}` },
      { Cookie: `token=${bound}` },
      { Authorization: `DPoP ${bound}` },
      withProof(createProof(attacker, { url, token: bound })),
      withProof(createProof({ ...client, privateKey: attacker.privateKey }, { url, token: bound })),
    ];
    const statuses = await Promise.all(attempts.map((headers) => send(app, { headers })));

    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    expect(await send(app, { headers: withProof(prove()) })).toBe(200);
  });
});

describe('an attacker with a captured request', () => {
  test('cannot repeat the request in the same process', async () => {
    const app = createProcess();
    const headers = withProof(prove());

    expect(await send(app, { headers })).toBe(200);
    expect(await send(app, { headers, path: '/pay?amount=2' })).toBe(401);
  });

  test('repeats it once in another process with a separate record, but neither another method nor path', async () => {
    const [one, two] = [createProcess(), createProcess()];
    const headers = withProof(prove());
    const accepted = await send(one, { headers });
    const others = [
      await send(two, { headers, method: 'POST' }),
      await send(two, { headers, path: '/pay/all' }),
    ];
    const repeated = [
      await send(two, { headers, path: '/pay?amount=2' }),
      await send(two, { headers, path: '/pay?amount=2' }),
    ];

    expect({ accepted, others, repeated }).toEqual({
      accepted: 200,
      others: [401, 401],
      repeated: [200, 401],
    });
  });

  test('repeats it nowhere if the processes share the record', async () => {
    const stores = createMemoryStores({ clock: () => now });
    const [one, two] = [createProcess({ replay: { stores } }), createProcess({ replay: { stores } })];
    const headers = withProof(prove());

    expect([await send(one, { headers }), await send(two, { headers })]).toEqual([200, 401]);
  });

  test('repeats it nowhere after the maximum age and the clock tolerance', async () => {
    const headers = withProof(prove());
    const statusAt = (age: number) => {
      now = NOW + age;
      return send(createProcess(), { headers });
    };

    expect([await statusAt(64), await statusAt(65)]).toEqual([200, 401]);
  });
});

describe('an attacker with temporary access to the key', () => {
  test('uses proofs for the future as long as the token is valid', async () => {
    const headers = withProof(prove({ iat: NOW + 500 }));
    now = NOW + 500;

    expect(await send(createProcess(), { headers })).toBe(200);
  });

  test('uses proofs for the future for two minutes if the server requires nonces', async () => {
    const { headers } = await request(createProcess({ nonce: true }))
      .get('/pay')
      .set(withProof(prove()));
    const nonce = headers['dpop-nonce'];
    const statusAt = (age: number) => {
      now = NOW + age;
      return send(createProcess({ nonce: true }), { headers: withProof(prove({ iat: NOW + age, nonce })) });
    };

    expect([await statusAt(119), await statusAt(120)]).toEqual([200, 401]);
  });
});

describe('a copy of the stores', () => {
  /** Issues, refreshes and uses bound tokens, and expects that a copy contains only digests and thumbprints. */
  async function expectNoSecret(open: () => Promise<Stores>, copy: () => Promise<Buffer>): Promise<void> {
    const app = await createDpopApp({}, open);
    const first = await app.obtain({ scope: 'read offline_access' }, { clientId: 'app', signer: client });
    const second = await app.refresh(first.refreshToken, { signer: client });
    const copied = await copy();
    await app.stores.close();
    const { d } = client.privateKey.export({ format: 'jwk' });
    const secrets = [first, second].flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]);

    expect(second.status).toBe(200);
    expect(copied.includes(client.jkt)).toBe(true);
    expect([...secrets, String(d)].filter((secret) => secret === '' || copied.includes(secret))).toEqual([]);
  }

  describe('in LMDB', () => {
    let path = '';

    beforeEach(async () => {
      path = await mkdtemp(join(tmpdir(), 'passport-jwe-stolen-'));
    });
    afterEach(() => rm(path, { recursive: true }));

    test('contains thumbprints, but no token and no key', async () => {
      const copy = async () => {
        const names = await readdir(path);
        return Buffer.concat(await Promise.all(names.map((name) => readFile(join(path, name)))));
      };
      await expectNoSecret(() => openLmdbStores({ path, clock: () => NOW }), copy);
    });
  });

  describeWithRedis('in Redis', () => {
    test('contains thumbprints, but no token and no key', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-stolen-'));
      const redis = await startRedis(['--save', '', '--rdbcompression', 'no', '--dir', directory]);
      try {
        const copy = async () => {
          await redis.command('SAVE');
          return readFile(join(directory, 'dump.rdb'));
        };
        await expectNoSecret(() => openRedisStores({ url: redis.url, commandTimeoutMs: 2000 }), copy);
      } finally {
        await redis.dispose();
        await rm(directory, { recursive: true });
      }
    });
  });
});
