import { describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  authenticate,
  createLimits,
  createMemoryStores,
  createRevocations,
  limitRequests,
  requireAudience,
  requireScope,
} from 'passport-jwe';
import request from 'supertest';
import type { DecryptionKeys } from '../../src/keys/decryption-keys.js';
import type { TokenVerifierOptions } from '../../src/verify/token-verifier-options.js';
import type { TrustedIssuer, TrustedIssuerOptions } from '../../src/verify/trusted-issuer-options.js';
import { externalClaims, makeExternal, trustIdp, verifierOf } from '../support/external-tokens.js';
import type { JwkPair } from '../support/key-pairs.js';
import { reasonOf } from '../support/reason-of.js';
import { AUDIENCE, clock, createRing, ISSUER, NOW } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey } from '../support/trusted-keys.js';

const X = 'https://x.example.com';
const Y = 'https://y.example.com';
const REPORTS = 'https://reports.example.com';
const REPORTS_SCOPES = { read: 'reports:read' };

const ALGORITHMS = { secret: 'dir', private: 'ECDH-ES' } as const;

/** An issuer, with all keys that it has. */
interface Party {
  readonly issuer: string;
  readonly kind: keyof typeof ALGORITHMS;
  readonly key: JwkPair;
  /** Absent if the symmetric key authenticates the issuer. */
  readonly signer?: JwkPair;
}

const signers = { x: generateSignatureKey('ES256', 'x-1'), y: generateSignatureKey('ES256', 'y-1') };
const common = generateKind('P-256', 0, 'common');
const [keyOfX, keyOfY] = [generateKind('P-256', 0, 'x'), generateKind('P-256', 0, 'y')];
const [secretOfX, secretOfY] = [generateKind(32, 1, 'x'), generateKind(32, 2, 'y')];

const withSecret = (issuer: string, key: JwkPair): Party => ({ issuer, kind: 'secret', key });
const withPrivate = (issuer: string, key: JwkPair, signer: JwkPair): Party => ({
  issuer,
  kind: 'private',
  key,
  signer,
});
const signedSecret = (issuer: string, key: JwkPair, signer: JwkPair): Party => ({
  issuer,
  kind: 'secret',
  key,
  signer,
});

/** The keys that two issuers can have. */
const COMBINATIONS: readonly (readonly [name: string, x: Party, y: Party])[] = [
  ['a symmetric key each', withSecret(X, secretOfX), withSecret(Y, secretOfY)],
  [
    'a symmetric key each, and signatures',
    signedSecret(X, secretOfX, signers.x),
    signedSecret(Y, secretOfY, signers.y),
  ],
  ['a private key each', withPrivate(X, keyOfX, signers.x), withPrivate(Y, keyOfY, signers.y)],
  ['one private key for both', withPrivate(X, common, signers.x), withPrivate(Y, common, signers.y)],
  ['a private key and a symmetric key', withPrivate(X, keyOfX, signers.x), withSecret(Y, secretOfY)],
  ['a symmetric key and a private key', withSecret(X, secretOfX), withPrivate(Y, keyOfY, signers.y)],
  [
    'a symmetric key and a private key of one name',
    withSecret(X, secretOfX),
    withPrivate(Y, renamed(keyOfY), signers.y),
  ],
];

/** The key under the `kid` of X. */
function renamed({ privateJwk, publicJwk }: JwkPair): JwkPair {
  return { privateJwk: { ...privateJwk, kid: 'x' }, publicJwk: { ...publicJwk, kid: 'x' } };
}

async function trust(
  { issuer, key, signer }: Party,
  changes: Partial<TrustedIssuerOptions> = {},
  keys: DecryptionKeys | JwkPair = key,
): Promise<TrustedIssuer> {
  return trustIdp({ keys, ...(signer === undefined ? {} : { signer }) }, { issuer, ...changes });
}

/** X has more rights than Y. */
const trustBoth = async (x: Party, y: Party): Promise<readonly TrustedIssuer[]> => [
  await trust(x, { scopes: ['read', 'admin'] }),
  await trust(y, { audience: REPORTS, scopes: REPORTS_SCOPES }),
];

const issue = ({ issuer, kind, key, signer }: Party, claims: object = {}) =>
  makeExternal({
    ...{ key, alg: ALGORITHMS[kind], claims: { iss: issuer, ...claims } },
    ...(signer === undefined ? {} : { signer }),
  });

const HEADER_ISSUERS = [undefined, X, Y];
const CLAIMED_ISSUERS = [X, Y, ISSUER, [X, Y], undefined];

/** Every token that Y can make with its keys and the public keys of X, in the name of anyone. */
async function forgeAll(x: Party, y: Party): Promise<readonly string[]> {
  const reachable = x.kind === 'private' && x !== y ? [x, y] : [y];
  const kids = [...new Set([x.key.publicJwk['kid'], y.key.publicJwk['kid'], undefined])];
  const inner = [undefined, ...(['x-1', 'y-1', undefined] as const).map((kid) => ({ kid }))];
  const both = { aud: [AUDIENCE, REPORTS], scope: 'read admin', type: 'service' };
  return Promise.all(
    reachable.flatMap(({ key, kind }) =>
      kids.flatMap((kid) =>
        HEADER_ISSUERS.flatMap((named) =>
          CLAIMED_ISSUERS.flatMap((iss) =>
            inner.map((signedHeader) =>
              makeExternal({
                ...{ key, alg: ALGORITHMS[kind], header: { kid, iss: named }, claims: { ...both, iss } },
                ...(signedHeader === undefined ? {} : { signer: signers.y, signedHeader }),
              }),
            ),
          ),
        ),
      ),
    ),
  );
}

describe.each(COMBINATIONS)('two issuers with %s', (_name, x, y) => {
  test.each([false, true])('both issue tokens (beside a home issuer: %j)', async (hasHome) => {
    const home = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE };
    const verifier = verifierOf(await trustBoth(x, y), hasHome ? home : {});
    const ofX = await verifier.verify(await issue(x, { scope: 'read admin' }));
    const ofY = await verifier.verify(await issue(y, { aud: REPORTS }));

    expect(ofX).toMatchObject({
      type: 'external',
      claims: { iss: X, aud: AUDIENCE },
      scope: ['read', 'admin'],
    });
    expect(ofY).toMatchObject({
      type: 'external',
      claims: { iss: Y, aud: REPORTS },
      scope: ['reports:read'],
    });
  });

  test.each([false, true])(
    'one of them issues no token of another issuer (beside a home issuer: %j)',
    async (hasHome) => {
      const home = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE };
      const verifier = verifierOf(await trustBoth(x, y), hasHome ? home : {});
      const outcomes = await Promise.all(
        (await forgeAll(x, y)).map((token) =>
          verifier.verify(token).then(
            ({ type, claims, scope }) => ({ type, iss: claims.iss, aud: claims.aud, scope }),
            () => undefined,
          ),
        ),
      );
      const accepted = outcomes.filter((outcome) => outcome !== undefined);
      const rightful = { type: 'external', iss: Y, aud: [REPORTS], scope: ['reports:read'] };

      expect(accepted.length).toBeGreaterThan(0);
      expect(accepted.filter((outcome) => JSON.stringify(outcome) !== JSON.stringify(rightful))).toEqual([]);
    },
  );

  test('one of them reaches no audience of the other', async () => {
    const verifier = verifierOf(await trustBoth(x, y));

    expect(await reasonOf(verifier, await issue(y, { aud: AUDIENCE }))).toBe('wrong_audience');
    expect(await reasonOf(verifier, await issue(x, { aud: REPORTS }))).toBe('wrong_audience');
  });
});

describe('two issuers with one public key', () => {
  const [x, y] = [withPrivate(X, common, signers.x), withPrivate(Y, common, signers.y)];

  test('may share the keys, or each read them', async () => {
    const keys = await decryptionOf(common);
    const shared = verifierOf([await trust(x, {}, keys), await trust(y, {}, keys)]);
    const separate = verifierOf([await trust(x), await trust(y, {}, await decryptionOf(common))]);
    for (const verifier of [shared, separate]) {
      expect(await reasonOf(verifier, await issue(x))).toBe('accepted');
      expect(await reasonOf(verifier, await issue(y))).toBe('accepted');
    }
  });

  test('may give the key a name each', async () => {
    const other = withPrivate(Y, renamed(common), signers.y);
    const verifier = verifierOf([await trust(x), await trust(other)]);

    expect(await reasonOf(verifier, await issue(x))).toBe('accepted');
    expect(await reasonOf(verifier, await issue(other))).toBe('accepted');
    // The name of the key belongs to the other issuer.
    expect(await reasonOf(verifier, await issue({ ...x, key: renamed(common) }))).toBe('wrong_issuer');
  });

  test('may not use the algorithms of each other', async () => {
    const strict = await trust(y, {
      contentEncryptionAlgorithms: ['A256CBC-HS512'],
      signatureAlgorithms: ['RS256'],
    });
    const verifier = verifierOf([await trust(x), strict]);

    expect(await reasonOf(verifier, await issue(x))).toBe('accepted');
    expect(await reasonOf(verifier, await issue(y))).toBe('wrong_issuer');
  });
});

describe('symmetric keys', () => {
  test('of two issuers must differ, under any kid', async () => {
    const other = generateKind(32, 1, 'other');
    const issuers = [await trust(withSecret(X, secretOfX)), await trust(withSecret(Y, other))];

    expect(() => verifierOf(issuers)).toThrow(/has the symmetric key of another issuer/);
  });

  test('of two issuers must have different names', async () => {
    const other = generateKind(32, 2, 'x');
    const issuers = [await trust(withSecret(X, secretOfX)), await trust(withSecret(Y, other))];

    expect(() => verifierOf(issuers)).toThrow(/has a different key with the kid x/);
  });

  test('are not keys to sign with', async () => {
    const y = withSecret(Y, secretOfY);
    const hs256 = { privateJwk: { ...secretOfY.privateJwk, alg: 'HS256' }, publicJwk: secretOfY.publicJwk };
    const jws = await makeHs256(hs256, { iss: X });
    const verifier = verifierOf(await trustBoth(withPrivate(X, keyOfX, signers.x), y));
    const token = await makeExternal({ key: keyOfX, alg: 'ECDH-ES', header: { cty: 'JWT' }, content: jws });

    expect(await reasonOf(verifier, token)).toBe('jws_algorithm');
  });
});

async function makeHs256({ privateJwk }: JwkPair, claims: object): Promise<string> {
  const { CompactSign, importJWK } = await import('jose');
  return new CompactSign(Buffer.from(JSON.stringify(externalClaims(claims))))
    .setProtectedHeader({ alg: 'HS256', kid: 'x-1', typ: 'at+jwt' })
    .sign(await importJWK({ ...privateJwk }, 'HS256'));
}

describe('what belongs to one issuer', () => {
  const [x, y] = [withPrivate(X, keyOfX, signers.x), withPrivate(Y, keyOfY, signers.y)];
  const trustAlike = async () => [await trust(x), await trust(y)];

  test.each([
    { kind: 'token', jti: 'j1', expiresAt: NOW + 600 },
    { kind: 'subject', clientId: 'web', subject: 'alice' },
    { kind: 'api_key', clientId: 'web' },
  ] as const)('is revoked alone: %j', async (target) => {
    const revocations = createRevocations({ stores: createMemoryStores({ clock }), clock });
    const verifier = verifierOf(await trustAlike(), { revocations });
    await revocations.revoke({ ...target, issuer: Y });

    expect(await reasonOf(verifier, await issue(x))).toBe('accepted');
    expect(await reasonOf(verifier, await issue(y))).toBe('revoked');
  });

  test('is limited alone', async () => {
    const LIMITS = {
      requests_per_minute: 2,
      tokens_per_minute: 9,
      requests_per_hour: 9,
      concurrent_requests: 9,
    };
    const limits = createLimits({ stores: createMemoryStores({ clock }), clock, defaultLimits: LIMITS });
    const app = express().set('env', 'test');
    app.use(authenticate({ trustedIssuers: await trustAlike(), clock }), limitRequests({ limits }));
    app.get('/', (_req, res) => void res.json({}));
    const statuses = [];
    for (const party of [y, y, y, x]) {
      statuses.push(
        (
          await request(app)
            .get('/')
            .auth(await issue(party), { type: 'bearer' })
        ).status,
      );
    }

    expect(statuses).toEqual([200, 200, 429, 200]);
  });

  test('is not granted to the other by a scope or audience guard', async () => {
    const app = express().set('env', 'test');
    app.use(authenticate({ trustedIssuers: await trustBoth(x, y), clock }));
    app.get('/admin', requireScope('admin'), (_req, res) => void res.json({}));
    app.get('/read', requireScope('read'), (_req, res) => void res.json({}));
    app.get('/api', requireAudience(AUDIENCE), (_req, res) => void res.json({}));
    const token = await issue(y, { aud: [AUDIENCE, REPORTS], scope: 'read admin reports:read' });
    const statuses = [];
    for (const path of ['/admin', '/read', '/api']) {
      statuses.push((await request(app).get(path).auth(token, { type: 'bearer' })).status);
    }

    expect(statuses).toEqual([403, 403, 401]);
  });

  test('is configured once', async () => {
    const issuers = [await trust(x), await trust({ ...y, issuer: X })];
    const home: Partial<TokenVerifierOptions> = {
      keyRing: await createRing(),
      issuer: [ISSUER, X],
      audience: AUDIENCE,
    };

    expect(() => verifierOf(issuers)).toThrow(/a duplicate or a home issuer/);
    expect(() => verifierOf(issuers.slice(0, 1), home)).toThrow(/a duplicate or a home issuer/);
  });
});
