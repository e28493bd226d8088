import { beforeAll, describe, expect, test } from '@jest/globals';
import { generateSigner } from '../../support/key-pairs.js';
import { signText } from '../../support/signed-tokens.js';
import { ISSUER, NOW } from '../../support/tokens.js';
import {
  CLUSTER,
  createWorkloadApp,
  GITHUB,
  githubToken,
  IDP,
  keysOf,
  MESH,
  signerOf,
  svid,
  type WorkloadApp,
} from '../../support/workload-app.js';

let app: WorkloadApp;

beforeAll(async () => {
  app = await createWorkloadApp();
});

/** Results of several JWTs: 200, or the reason of the rejection. */
async function resultsOf(assertions: readonly string[]): Promise<readonly unknown[]> {
  const results: unknown[] = [];
  for (const assertion of assertions) {
    const { status, body } = await app.exchange(assertion);
    if (status !== 200)
      expect({ status, error: body['error'] }).toEqual({ status: 400, error: 'invalid_grant' });
    results.push(status === 200 ? status : app.lastReason());
  }
  return results;
}

/** The same result for each of several JWTs. */
function all(result: unknown, count: number): readonly unknown[] {
  return Array.from({ length: count }, () => result);
}

describe('the audience of a workload JWT', () => {
  test('is the issuer of the router, as a string or in an array with one element', async () => {
    expect(await resultsOf([githubToken(), githubToken({ aud: [ISSUER] })])).toEqual([200, 200]);
  });

  test('is no other value, and none among several', async () => {
    const audiences = [
      undefined,
      '',
      [],
      `${ISSUER}/`,
      `${ISSUER}/oauth/token`,
      'https://github.com/acme',
      CLUSTER,
      [ISSUER, ISSUER],
      [ISSUER, 'https://other.example.com'],
      [[ISSUER]],
      { 0: ISSUER, length: 1 },
      1,
      null,
    ];

    expect(await resultsOf(audiences.map((aud) => githubToken({ aud })))).toEqual(
      all('assertion_audience', audiences.length),
    );
  });
});

describe('the issuer of a workload JWT', () => {
  test('must be configured', async () => {
    const issuers = [
      'https://evil.example.com',
      `${GITHUB}/`,
      GITHUB.toUpperCase(),
      ISSUER,
      '',
      undefined,
      null,
      1,
      [GITHUB],
    ];

    expect(await resultsOf(issuers.map((iss) => githubToken({ iss })))).toEqual(
      all('assertion_issuer', issuers.length),
    );
  });

  test('selects its own keys: the key of a different issuer does not verify', async () => {
    const swapped = githubToken({}, {}, signerOf(CLUSTER));
    const renamed = githubToken({}, { kid: 'github' }, signerOf(CLUSTER));

    expect(await resultsOf([swapped, renamed])).toEqual(['assertion_unknown_key', 'assertion_signature']);
  });

  test('must be the issuer of the rule, even if the subject is the same', async () => {
    const sub = 'repo:acme/billing:environment:production';

    expect(await resultsOf([githubToken({ iss: CLUSTER, sub }, {}, signerOf(CLUSTER))])).toEqual([
      'no_workload',
    ]);
  });
});

describe('a JWT-SVID without iss', () => {
  test('is selected by its trust domain', async () => {
    expect(await resultsOf([svid()])).toEqual([200]);
  });

  test('can name its trust domain in iss', async () => {
    expect(await resultsOf([svid({ iss: MESH })])).toEqual([200]);
  });

  test('may lack iat, since its specification requires only exp', async () => {
    expect(await resultsOf([svid({ iat: undefined })])).toEqual([200]);
  });

  test('is rejected outside of its trust domain', async () => {
    const subjects = [
      'spiffe://evil.example/ns/billing/sa/worker',
      'spiffe://acme.example.evil.example/ns/billing/sa/worker',
      'spiffe://acme.example',
      'spiffe://ACME.example/ns/billing/sa/worker',
      'spiffe:///ns/billing/sa/worker',
      'system:serviceaccount:billing:worker',
    ];
    const claims = [
      ...subjects.map((sub) => ({ sub })),
      { iss: MESH, sub: 'repo:acme/billing:environment:x' },
    ];

    expect(await resultsOf(claims.map(svid))).toEqual(all('assertion_issuer', claims.length));
  });
});

describe('the times of a workload JWT', () => {
  test('allow reuse until exp, and not from exp', async () => {
    const token = githubToken({ exp: NOW + 300 });
    const results: unknown[] = [];
    for (const time of [NOW, NOW, NOW + 299.9, NOW + 300, NOW + 301]) {
      app.setTime(time);
      results.push(...(await resultsOf([token])));
    }
    app.setTime(NOW);

    expect(results).toEqual([200, 200, 200, 'expired', 'expired']);
  });

  test('must not begin in the future, apart from 60 seconds of clock skew', async () => {
    const tokens = [{ iat: NOW + 60 }, { nbf: NOW + 60 }, { iat: NOW + 61 }, { nbf: NOW + 61 }].map(
      (claims) => githubToken(claims),
    );

    expect(await resultsOf(tokens)).toEqual([200, 200, 'assertion_not_yet_valid', 'assertion_not_yet_valid']);
  });

  test('span at most a day, measured from iat, or from now without iat', async () => {
    const tokens = [
      githubToken({ exp: NOW + 86_400 }),
      githubToken({ exp: NOW + 86_401 }),
      githubToken({ exp: NOW + 100, iat: NOW - 86_301 }),
      svid({ iat: undefined, exp: NOW + 86_400 }),
      svid({ iat: undefined, exp: NOW + 86_401 }),
    ];

    expect(await resultsOf(tokens)).toEqual([
      200,
      'assertion_lifetime',
      'assertion_lifetime',
      200,
      'assertion_lifetime',
    ]);
  });

  test('are numbers of seconds, and exp is required', async () => {
    const claims = [
      { exp: undefined },
      { exp: null },
      { exp: String(NOW + 300) },
      { exp: (NOW + 300) * 1000 },
      { iat: 'now' },
      { iat: null },
      { nbf: [NOW] },
      { iat: -1 },
    ];

    expect(await resultsOf(claims.map((each) => githubToken(each)))).toEqual(
      all('assertion_claim', claims.length),
    );
  });
});

describe('the subject of a workload JWT', () => {
  test('must match the pattern as a whole', async () => {
    const subjects = [
      'repo:acme/billing:environment:',
      'repo:acme/billing:environment:a:b',
      'repo:acme/billing:environment:a/b',
      'xrepo:acme/billing:environment:a',
      'repo:acme/billing2:environment:a',
      'repo:acme/Billing:environment:a',
      'repo:acme:billing:environment:a',
      'repo:acme/billing:ref:refs/heads/main',
      'repo:acme/billing:pull_request',
      'repo:\u0430cme/billing:environment:a',
    ];

    expect(await resultsOf(subjects.map((sub) => githubToken({ sub })))).toEqual(
      all('no_workload', subjects.length),
    );
  });

  test('is a string without control characters', async () => {
    const prefix = 'repo:acme/billing:environment:';
    const subjects = [
      undefined,
      null,
      '',
      1,
      ['repo:acme/billing:environment:a'],
      `${prefix}a\n`,
      `${prefix}a\u0000`,
      `${prefix}\u0085`,
      `${prefix}\ud800`,
      `${prefix}${'a'.repeat(2048)}`,
    ];

    expect(await resultsOf(subjects.map((sub) => githubToken({ sub })))).toEqual(
      all('assertion_claim', subjects.length),
    );
  });
});

describe('the claim conditions of a rule', () => {
  test('reject a claim that is missing, different or of a different type', async () => {
    const values = [undefined, null, '', '1234567', 123456, ['123456'], { 123456: true }, true];

    expect(await resultsOf(values.map((repository_id) => githubToken({ repository_id })))).toEqual(
      all('no_workload', values.length),
    );
  });
});

describe('the API key of a workload', () => {
  test('must be the only one with a matching rule', async () => {
    expect(await resultsOf([githubToken({ sub: 'repo:acme/shared:pull_request' })])).toEqual([
      'several_workloads',
    ]);
  });

  test('must be active', async () => {
    expect(await resultsOf([githubToken({ sub: 'repo:acme/off:pull_request' })])).toEqual(['key_inactive']);
  });
});

describe('the header of a workload JWT', () => {
  test('has typ JWT or JOSE, or none, in any case', async () => {
    const types = [undefined, 'JWT', 'jwt', 'application/jwt', 'JOSE', 'authorization-grant+jwt'];

    expect(await resultsOf(types.map((typ) => githubToken({}, { typ })))).toEqual(all(200, types.length));
  });

  test('has no typ of other tokens', async () => {
    const types = [
      'at+jwt',
      'dpop+jwt',
      'logout+jwt',
      'client-authentication+jwt',
      'secevent+jwt',
      '',
      1,
      null,
    ];

    expect(await resultsOf(types.map((typ) => githubToken({}, { typ })))).toEqual(
      all('assertion_type', types.length),
    );
  });

  test('has no embedded key, extension or compression', async () => {
    const { publicJwk } = signerOf(GITHUB);
    const members = [{ jwk: publicJwk }, { crit: ['exp'] }, { b64: false, crit: ['b64'] }, { zip: 'DEF' }];

    expect(await resultsOf(members.map((each) => githubToken({}, each)))).toEqual(
      all('assertion_algorithm', members.length),
    );
  });

  test('names the algorithm of the key, which is never symmetric or none', async () => {
    const algorithms = ['none', 'HS256', 'HS512', 'PS256', 'RS512', 'ES256', 'EdDSA', 'rs256', 'RS1'];

    expect(await resultsOf(algorithms.map((alg) => githubToken({}, { alg })))).toEqual(
      all('assertion_algorithm', algorithms.length),
    );
  });
});

test.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
  'a workload JWT can be signed with %s',
  async (alg) => {
    const signer = generateSigner(alg, { kid: 'other' });
    const other = await createWorkloadApp({
      issuers: [GITHUB, CLUSTER, MESH, IDP].map((issuer) => ({ issuer, verification: keysOf(signer) })),
    });

    expect(await other.exchange(githubToken({}, {}, signer))).toMatchObject({ status: 200 });
    expect(await other.exchange(githubToken({}, { kid: undefined }, signer))).toMatchObject({ status: 200 });
  },
);

test('text that is not a signed JWT with a JSON object is malformed', async () => {
  const [header = '', payload = '', signature = ''] = githubToken().split('.');
  const { privateJwk } = signerOf(GITHUB);
  const encode = (text: string) =>
    signText(JSON.stringify({ alg: 'RS256', kid: 'github' }), text, privateJwk);
  const texts = [
    'x',
    `${header}.${payload}`,
    `${header}.${payload}.${signature}.x`,
    `${header}.${payload}.${signature}=`,
    `${header}..${signature}`,
    encode('[]'),
    encode('"text"'),
    encode('{'),
  ];

  expect(await resultsOf(texts)).toEqual(all('malformed', texts.length));
});

test('a signature of different content is rejected', async () => {
  const [header, , signature] = githubToken().split('.');
  const [, payload] = githubToken({ sub: 'repo:acme/billing:environment:staging' }).split('.');

  expect(await resultsOf([`${header}.${payload}.${signature}`, `${header}.${payload}.`])).toEqual(
    all('assertion_signature', 2),
  );
});

test('a JWT that is bound to a key is rejected, since the request does not prove possession', async () => {
  expect(await resultsOf([githubToken({ cnf: { jkt: 'x' } })])).toEqual(['assertion_key_bound']);
});

test('an ID token is rejected', async () => {
  const claims = [{ nonce: 'n' }, { at_hash: 'h' }, { c_hash: 'h' }];

  expect(await resultsOf(claims.map((each) => githubToken(each)))).toEqual(
    all('assertion_type', claims.length),
  );
});
