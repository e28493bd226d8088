import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  type KeyRing,
  RateLimitExceededError,
  requireAnyScope,
  requireAudience,
  requireClaim,
  requireClaims,
  requireEndpoint,
  requireFunctions,
  requireMaxAge,
  requireModel,
  requireScope,
  requireType,
} from 'passport-jwe';
import { FORWARD_ADAPTERS, HOSTED_ADAPTERS } from '../support/apps.js';
import { type RawAnswer, sendRaw } from '../support/http.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { DPOP_ROWS } from './dpop-failure-rows.js';
import { bare, bearer, malformed, REALM, type Row, refused } from './failure-row.js';

const EXPIRED = `${REALM}, error="invalid_token", error_description="The access token expired"`;
const LACKS_SCOPE = `${REALM}, error="insufficient_scope", error_description="The access token lacks a scope that this resource requires"`;
const DENIED = `${REALM}, error="access_denied", error_description="The access token does not grant access to this resource"`;

/** The other bytes of one of the five parts. */
function tamper(part: number): (token: string) => string {
  return (token) => {
    const parts = token.split('.');
    const bytes = Buffer.from(parts[part] ?? '', 'base64url');
    parts[part] = bytes.length === 0 ? 'AAAA' : bytes.fill((bytes[0] ?? 0) ^ 1, 0, 1).toString('base64url');
    return parts.join('.');
  };
}

function withHeader(change: Record<string, unknown>): (token: string) => string {
  return (token) => {
    const [header = '', ...rest] = token.split('.');
    const members = { ...JSON.parse(Buffer.from(header, 'base64url').toString()), ...change };
    return [Buffer.from(JSON.stringify(members)).toString('base64url'), ...rest].join('.');
  };
}

/** Asks a port on which nothing listens, as a store that is down would be. */
function askClosedPort(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    connect(1, '127.0.0.1', () => resolve(false)).on('error', reject);
  });
}

const ROWS: readonly Row[] = [
  ...DPOP_ROWS,
  { failure: 'no credentials', lines: () => [], ...bare },
  { failure: 'another scheme', lines: () => ['Authorization: Basic YTpi'], ...bare },
  { failure: 'a token in the query', query: (token) => `?access_token=${token}`, lines: () => [], ...bare },
  { failure: 'Bearer alone', lines: () => ['Authorization: Bearer'], ...malformed },
  { failure: 'more than one part', lines: () => ['Authorization: Bearer a b'], ...malformed },
  { failure: 'no b64token', lines: () => ['Authorization: Bearer a,b'], ...malformed },
  {
    failure: 'two Authorization headers',
    lines: (token) => [...bearer(token), ...bearer(token)],
    ...malformed,
  },
  {
    failure: 'two methods that differ',
    options: { tokenLocations: { header: 'x-api-key' } },
    lines: (token) => [...bearer(token), 'X-API-Key: other'],
    ...malformed,
  },
  {
    failure: 'a form parameter that differs from the header',
    options: { tokenLocations: { form: true } },
    lines: (token) => [
      ...bearer(token),
      'Content-Type: application/x-www-form-urlencoded',
      'Content-Length: 18',
    ],
    body: () => 'access_token=other',
    ...malformed,
  },
  { failure: 'a token that is too long', change: (token) => token + 'A'.repeat(8192), ...refused },
  { failure: 'four parts', change: (token) => token.split('.').slice(1).join('.'), ...refused },
  { failure: 'six parts', change: (token) => `${token}.A`, ...refused },
  { failure: 'text that is not a token', change: () => 'abc', ...refused },
  ...[0, 1, 2, 3, 4].map((part) => ({
    failure: `a tampered byte in part ${part + 1}`,
    change: tamper(part),
    ...refused,
  })),
  { failure: 'a token under another ring', foreignRing: true, ...refused },
  { failure: 'an unknown kid', change: withHeader({ kid: 'unknown' }), ...refused },
  { failure: 'an algorithm that is not allowed', change: withHeader({ alg: 'RSA1_5' }), ...refused },
  { failure: 'a token with zip', change: withHeader({ zip: 'DEF' }), ...refused },
  { failure: 'an expired token', mint: { claims: { exp: NOW - 6 } }, ...refused, challenge: EXPIRED },
  { failure: 'a token that is not yet valid', mint: { claims: { nbf: NOW + 6 } }, ...refused },
  { failure: 'a wrong issuer', mint: { claims: { iss: 'https://other.example.com' } }, ...refused },
  { failure: 'a wrong audience', mint: { claims: { aud: 'https://other.example.com' } }, ...refused },
  { failure: 'a wrong typ', mint: { typ: 'JWT' }, ...refused },
  { failure: 'a refresh token', mint: { claims: { type: 'refresh' } }, ...refused },
  { failure: 'a refresh token by its typ', mint: { typ: 'rt+jwt' }, ...refused },
  { failure: 'a token with cnf', mint: { claims: { cnf: { jkt: 'abc' } } }, ...refused },
  { failure: 'a revoked token', options: { revocations: { isRevoked: () => true } }, ...refused },
  {
    failure: 'a missing scope that authentication requires',
    options: { scope: 'read:documents admin:configurations' },
    status: 403,
    challenge: `${LACKS_SCOPE}, scope="read:documents admin:configurations"`,
    error: 'insufficient_scope',
  },
  {
    failure: 'a missing scope that requireScope wants',
    guard: requireScope('read:documents', 'admin:configurations'),
    status: 403,
    challenge: `${LACKS_SCOPE}, scope="read:documents admin:configurations"`,
    error: 'insufficient_scope',
  },
  {
    failure: 'a missing scope that requireAnyScope wants',
    guard: requireAnyScope('read:reports', 'admin:configurations'),
    status: 403,
    challenge: `${LACKS_SCOPE}, scope="read:reports admin:configurations"`,
    error: 'insufficient_scope',
  },
  {
    failure: 'requireType not satisfied',
    guard: requireType('service'),
    status: 403,
    challenge: DENIED,
    error: 'access_denied',
  },
  {
    failure: 'requireClaim not satisfied',
    guard: requireClaim('session_id'),
    status: 403,
    challenge: DENIED,
    error: 'access_denied',
  },
  {
    failure: 'requireClaims not satisfied',
    guard: requireClaims(async () => false),
    status: 403,
    challenge: DENIED,
    error: 'access_denied',
  },
  {
    failure: 'requireModel not satisfied',
    guard: requireModel(() => 'gpt-5'),
    status: 403,
    challenge: `${REALM}, error="access_denied", error_description="The access token does not allow this model"`,
    error: 'access_denied',
  },
  {
    failure: 'requireFunctions not satisfied',
    mint: { claims: { type: undefined } },
    guard: requireFunctions(() => ['get_weather']),
    status: 403,
    challenge: `${REALM}, error="access_denied", error_description="The access token does not allow every requested function"`,
    error: 'access_denied',
  },
  {
    failure: 'requireEndpoint not satisfied',
    guard: requireEndpoint(),
    status: 403,
    challenge: DENIED,
    error: 'access_denied',
  },
  {
    failure: 'a path that requireEndpoint could not check for others',
    guard: (req, res, next) => {
      req.url = '/a/%2e%2e/b';
      requireEndpoint()(req, res, next);
    },
    ...malformed,
  },
  {
    failure: 'requireAudience not satisfied',
    guard: requireAudience('https://other.example.com'),
    ...refused,
  },
  {
    failure: 'requireMaxAge not satisfied',
    mint: { claims: { iat: NOW - 61, nbf: NOW - 61 } },
    guard: requireMaxAge(60),
    ...refused,
  },
  {
    failure: 'a limit reached',
    options: {
      revocations: {
        isRevoked: () => {
          throw new RateLimitExceededError(7.2, [
            { name: 'minute', quota: 60, windowSeconds: 60, remaining: 0 },
          ]);
        },
      },
    },
    status: 429,
    challenge: undefined,
    error: 'rate_limit_exceeded',
    headers: { 'retry-after': '8', ratelimit: '"minute";r=0;t=8', 'ratelimit-policy': '"minute";q=60;w=60' },
    problem: {
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'This API key has reached a limit',
      status: 429,
      'violated-policies': ['minute'],
    },
  },
  {
    failure: 'a revocation store that is out of reach',
    options: { revocations: { isRevoked: askClosedPort } },
    status: 503,
    challenge: undefined,
    error: 'temporarily_unavailable',
    headers: { 'retry-after': '1' },
  },
];

let keyRing: KeyRing;
let otherRing: KeyRing;

beforeAll(async () => {
  keyRing = await createRing(1);
  otherRing = await createRing(2);
});

const EVERY_ADAPTER = [...HOSTED_ADAPTERS, ...FORWARD_ADAPTERS];

describe.each(EVERY_ADAPTER)('through $name', ({ answersBody, createApp, rejectsBy401, acceptedBody }) => {
  const rows = ROWS.filter(({ options }) => !(rejectsBy401 && options?.tokenLocations?.form));
  const send = async (row: Row): Promise<RawAnswer> => {
    const token = (row.change ?? ((same) => same))(mintToken(keyRing, row.mint));
    const ring = row.foreignRing ? otherRing : keyRing;
    const options = { issuer: ISSUER, audience: AUDIENCE, clock, keyRing: ring, ...row.options };
    const app = createApp(options, row.guard === undefined ? [] : [row.guard]);
    const lines = (row.lines ?? bearer)(token);
    return sendRaw(app, [`POST /resource${row.query?.(token) ?? ''} HTTP/1.1`, ...lines], row.body?.(token));
  };

  test.each(rows)('$failure is answered as the failure table says', async (row) => {
    const answer = await send(row);

    expect(answer.status).toBe(rejectsBy401 && row.status === 400 ? 401 : row.status);
    if (row.challenge === undefined) expect(answer.headers['www-authenticate']).toBeUndefined();
    else if (row.challenge instanceof RegExp)
      expect(answer.headers['www-authenticate']).toMatch(row.challenge);
    else expect(answer.headers['www-authenticate']).toBe(row.challenge);
    expect(answer.headers).toMatchObject(row.headers ?? {});
    if (!answersBody && row.guard === undefined) return;
    if (row.error === undefined) expect(answer.body).toBe('');
    else {
      const mediaType = row.problem === undefined ? 'application/json' : 'application/problem+json';
      expect(answer.headers['content-type']).toBe(`${mediaType}; charset=utf-8`);
      expect(JSON.parse(answer.body)).toEqual({
        error: row.error,
        error_description: expect.any(String),
        ...row.problem,
      });
    }
  });

  test('a valid token passes', async () => {
    const answer = await send({ failure: 'none', status: 200, challenge: undefined, error: undefined });

    expect(answer).toMatchObject({ status: 200, body: acceptedBody ?? '{"sub":"demo"}' });
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  test('the challenge names the protected resource metadata if it is published', async () => {
    const resourceMetadata = 'https://api.example.com/.well-known/oauth-protected-resource';
    const answer = await send({
      failure: 'no credentials',
      lines: () => [],
      options: { realm: 'files', resourceMetadata },
      ...bare,
    });

    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="files", resource_metadata="${resourceMetadata}"`,
    );
  });
});
