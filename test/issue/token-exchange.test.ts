import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DelegationClaims, Revocable } from 'passport-jwe';
import {
  ACCESS_TOKEN_TYPE,
  ARCHIVE,
  createDelegationApp,
  DELEGATION_KEYS,
  type DelegationApp,
  REPORTS,
} from '../support/delegation-app.js';
import { AUDIENCE, NOW } from '../support/tokens.js';

let app: DelegationApp;
/** A token of alice, a user of the client app. */
let alice: string;

beforeEach(async () => {
  app = await createDelegationApp();
  alice = await app.obtain('app', { user: 'alice', session_id: 's1' });
});

const INVALID_REQUEST = { status: 400, body: { error: 'invalid_request' } };
const INVALID_SCOPE = { status: 400, body: { error: 'invalid_scope' } };
const INVALID_TARGET = { status: 400, body: { error: 'invalid_target' } };

/** Why the last request was refused, as the audit trail has it. */
function lastReason(): unknown {
  const refusals = app.records.flatMap((record) => (record.type === 'issuance.refused' ? [record] : []));
  return refusals.at(-1)?.reason;
}

async function claimsOf(token: string): Promise<DelegationClaims> {
  const verified = await app.verify(token);
  if (verified.type !== 'delegation') throw new Error(`It is of type ${verified.type}`);
  return verified.claims;
}

function actorToken(token: string): Record<string, string> {
  return { actor_token: token, actor_token_type: ACCESS_TOKEN_TYPE };
}

/** A token of alice that the application issued itself, with these claims beside those of its type. */
async function issueFor(claims: object): Promise<string> {
  const { token } = await app.tokens.issue({
    type: 'api_call',
    subject: 'alice',
    clientId: 'app',
    audience: AUDIENCE,
    scope: ['read', 'write'],
    lifetime: 600,
    claims: {
      allowed_endpoints: [],
      rate_limits: {
        requests_per_minute: 1,
        tokens_per_minute: 1,
        requests_per_hour: 1,
        concurrent_requests: 1,
      },
      ...claims,
    },
  });
  return token;
}

describe('a token exchange', () => {
  test('yields a token that lets the client act for the subject (RFC 8693 §4.1)', async () => {
    const answer = await app.exchange('gateway', alice);
    const claims = await claimsOf(answer.token);

    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', issued_token_type: ACCESS_TOKEN_TYPE, scope: 'read write' },
    });
    expect(claims).toMatchObject({
      sub: 'alice',
      client_id: 'gateway',
      aud: REPORTS,
      act: { sub: 'gateway', client_id: 'gateway' },
      delegator: 'alice',
      delegated_to: 'gateway',
      permissions: ['read', 'write'],
      expires_at: claims.exp,
    });
    expect(await app.use(answer.token)).toBe(200);
  });

  test('names the subject of the actor token as the actor', async () => {
    const agent = await app.obtain('agents', { user: 'bob' });
    const { token } = await app.exchange('desk', alice, { ...actorToken(agent), audience: REPORTS });

    expect(await claimsOf(token)).toMatchObject({
      act: { sub: 'bob', client_id: 'agents' },
      delegated_to: 'bob',
    });
  });

  test('nests prior actors, the current one outermost', async () => {
    const first = await app.exchange('gateway', alice);
    const { token } = await app.exchange('worker', first.token);

    expect((await claimsOf(token)).act).toEqual({
      sub: 'worker',
      client_id: 'worker',
      act: { sub: 'gateway', client_id: 'gateway' },
    });
  });

  test('lists all tokens that the token was delegated from, oldest first', async () => {
    const first = await app.exchange('gateway', alice);
    const { token } = await app.exchange('worker', first.token);
    const [subject, exchanged] = [await app.verify(alice), await claimsOf(first.token)];

    expect((await claimsOf(token)).lineage).toEqual([
      {
        jti: subject.claims.jti,
        client_id: 'app',
        sub: 'alice',
        session_id: 's1',
        iat: NOW,
        kid: expect.any(String),
        rate_limits: expect.objectContaining({ requests_per_minute: 60 }),
      },
      {
        ...{ jti: exchanged.jti, client_id: 'gateway', iat: NOW, kid: expect.any(String) },
        rate_limits: expect.objectContaining({ requests_per_minute: 60 }),
      },
    ]);
  });

  test('records an audit event with the subject token, the actor and the asserted subject', async () => {
    await app.exchange('gateway', alice);
    const [subject] = app.records.flatMap((record) => (record.type === 'token.issued' ? [record] : []));

    expect(app.records.at(-1)).toMatchObject({
      type: 'token.issued',
      tokenType: 'delegation',
      clientId: 'gateway',
      subject: 'alice',
      subjectAsserted: true,
      delegatedFrom: subject?.jti,
      delegatedTo: 'gateway',
    });
  });
});

describe('a token exchange is denied', () => {
  test('by default: a key without delegation in its configuration may not use the grant type', async () => {
    expect(await app.exchange('stranger', alice)).toMatchObject({
      status: 400,
      body: { error: 'unauthorized_client' },
    });
  });

  test('for subjects of clients that the configuration does not list', async () => {
    const other = await app.obtain('stranger', { user: 'alice' });

    expect(await app.exchange('gateway', other)).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('subject_not_allowed');
  });

  test('for actors that the configuration does not list', async () => {
    const stranger = await app.obtain('stranger');

    expect(await app.exchange('gateway', alice, actorToken(stranger))).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('actor_not_allowed');
  });

  test('to the client itself as the actor, if the configuration lists only others', async () => {
    expect(await app.exchange('desk', alice, { audience: REPORTS })).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('actor_not_allowed');
  });

  test('for audiences that the configuration does not list, including that of the subject token', async () => {
    expect(await app.exchange('gateway', alice, { audience: ARCHIVE })).toMatchObject(INVALID_TARGET);
    expect(await app.exchange('gateway', alice, { resource: AUDIENCE })).toMatchObject(INVALID_TARGET);
  });

  test('without an audience, if the configuration lists several', async () => {
    const agent = await app.obtain('agents');

    expect(await app.exchange('desk', alice, actorToken(agent))).toMatchObject(INVALID_TARGET);
  });
});

describe('may_act (RFC 8693 §4.4)', () => {
  test.each([
    [{ sub: 'gateway' }],
    [{ client_id: 'gateway' }],
    [{ sub: 'gateway', client_id: 'gateway', iss: 'https://auth.example.com' }],
  ])('allows the named actor: %j', async (mayAct) => {
    const token = await issueFor({ may_act: mayAct });

    expect((await app.exchange('gateway', token)).status).toBe(200);
  });

  test.each([
    [{ sub: 'somebody' }],
    [{ sub: 'gateway', client_id: 'other' }],
    [{ sub: 'gateway', email: 'gateway@example.com' }],
    [{ iss: 'https://auth.example.com' }],
    [{}],
    ['gateway'],
  ])('only narrows what the configuration allows: %j', async (mayAct) => {
    const token = await issueFor({ may_act: mayAct });

    expect(await app.exchange('gateway', token)).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('may_act');
  });

  test('allows no actor that the configuration does not allow', async () => {
    const token = await issueFor({ may_act: { sub: 'stranger' } });

    expect(await app.exchange('stranger', token)).toMatchObject({ body: { error: 'unauthorized_client' } });
  });
});

describe('the scope', () => {
  test('is the intersection of the scopes of subject and client', async () => {
    const narrow = await app.obtain('app', { user: 'alice', scope: 'write admin' });

    expect((await app.exchange('gateway', narrow)).body).toMatchObject({ scope: 'write' });
  });

  test('is also within the scope of the actor token', async () => {
    const agent = await app.obtain('agents', { scope: 'read' });
    const answer = await app.exchange('desk', alice, { ...actorToken(agent), audience: REPORTS });

    expect(answer.body).toMatchObject({ scope: 'read' });
  });

  test('is narrowed to the requested scope', async () => {
    expect((await app.exchange('gateway', alice, { scope: 'read' })).body).toMatchObject({ scope: 'read' });
  });

  test.each(['admin', 'read admin', 'a"b'])(
    'is rejected if it exceeds the common scope: %s',
    async (scope) => {
      expect(await app.exchange('gateway', alice, { scope })).toMatchObject(INVALID_SCOPE);
    },
  );

  test('is rejected if the parties have none in common', async () => {
    const admin = await app.obtain('app', { user: 'alice', scope: 'admin' });

    expect(await app.exchange('gateway', admin)).toMatchObject(INVALID_SCOPE);
  });

  test('cannot request a refresh token', async () => {
    const answer = await app.exchange('gateway', alice, { scope: 'read offline_access' });

    expect(answer).toMatchObject(INVALID_SCOPE);
    expect(answer.body).not.toHaveProperty('refresh_token');
  });
});

describe('the allowances of the subject', () => {
  test('are kept at any depth', async () => {
    const first = await app.exchange('gateway', alice);
    const { token } = await app.exchange('worker', first.token);

    expect((await claimsOf(first.token)).allowed_models).toEqual(['echo-1']);
    expect((await claimsOf(token)).allowed_models).toEqual(['echo-1']);
  });

  test('are not taken from the acting client if the subject token has none', async () => {
    const { token } = await app.exchange('gateway', await issueFor({}));
    const claims = await claimsOf(token);

    expect(claims.allowed_endpoints).toEqual([]);
    expect(claims).not.toHaveProperty('allowed_models');
    expect(claims).not.toHaveProperty('allowed_functions');
  });
});

describe('the lifetime', () => {
  test('never exceeds that of the subject token', async () => {
    app.setTime(NOW + 590);
    const { body, token } = await app.exchange('gateway', alice);

    expect(body).toMatchObject({ expires_in: 10 });
    expect((await claimsOf(token)).exp).toBe((await app.verify(alice)).claims.exp);
  });

  test('never exceeds that of the actor token', async () => {
    const agent = await app.obtain('agents');
    app.setTime(NOW + 400);
    const later = await app.obtain('app', { user: 'alice' });
    const { body } = await app.exchange('desk', later, { ...actorToken(agent), audience: REPORTS });

    expect(body).toMatchObject({ expires_in: 200 });
  });

  test('is not extended by the clock tolerance', async () => {
    app.setTime(NOW + 602);

    expect(await app.use(alice)).toBe(200);
    expect(await app.exchange('gateway', alice)).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('expires_now');
  });
});

describe('the chain of actors', () => {
  test('has four links at most', async () => {
    const tokens = [alice, (await app.exchange('gateway', alice)).token];
    for (const _ of [2, 3, 4]) tokens.push((await app.exchange('worker', tokens.at(-1) ?? '')).token);

    expect((await claimsOf(tokens.at(-1) ?? '')).lineage).toHaveLength(4);
    expect(await app.exchange('worker', tokens.at(-1) ?? '')).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('too_deep');
  });
});

describe('a bad token is an invalid_request (RFC 8693 §2.2.2)', () => {
  test('if it is malformed, expired or revoked', async () => {
    expect(await app.exchange('gateway', 'x.y.z')).toMatchObject(INVALID_REQUEST);
    await app.revocations.revoke({ kind: 'session', clientId: 'app', sessionId: 's1' });
    expect(await app.exchange('gateway', alice)).toMatchObject(INVALID_REQUEST);
    app.setTime(NOW + 700);
    expect(await app.exchange('gateway', alice)).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('invalid_subject_token');
  });

  test('also as the actor token', async () => {
    const answer = await app.exchange('gateway', alice, actorToken('x.y.z'));

    expect(answer).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('invalid_actor_token');
  });

  test('if the actor token is a delegated token', async () => {
    const { token } = await app.exchange('gateway', alice);

    expect(await app.exchange('gateway', alice, actorToken(token))).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('wrong_actor_type');
  });

  test('if the subject token is a service token', async () => {
    const { token } = await app.tokens.issue({
      type: 'service',
      subject: 'app',
      clientId: 'app',
      audience: AUDIENCE,
      scope: ['read'],
      lifetime: 60,
      claims: {},
    });

    expect(await app.exchange('gateway', token)).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('wrong_subject_type');
  });

  test('with the same response for every reason', async () => {
    const stranger = await app.obtain('stranger');
    const answers = [await app.exchange('gateway', 'x'), await app.exchange('gateway', stranger)];

    expect(answers[0]?.body).toEqual(answers[1]?.body);
  });

  test('if the API key of any party is inactive', async () => {
    const { token } = await app.exchange('gateway', alice);
    const files = Object.entries(DELEGATION_KEYS);
    const inactive = files.map(([name, file]) => [
      name,
      name === 'app.yaml' ? `${file}active: false\n` : file,
    ]);
    app = await createDelegationApp(Object.fromEntries(inactive));

    expect(await app.exchange('worker', token)).toMatchObject(INVALID_REQUEST);
    expect(lastReason()).toBe('key_not_active');
  });
});

describe('the parameters', () => {
  test.each([
    ['a subject token of an unknown type', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }],
    ['a subject token without its type', { subject_token_type: '' }],
    ['a type without its subject token', { subject_token: '' }],
    ['an actor token without its type', { actor_token: 'x' }],
    ['a type without its actor token', { actor_token_type: ACCESS_TOKEN_TYPE }],
    [
      'another kind of token asked for',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    ],
  ])('are rejected with %s', async (_name, parameters) => {
    expect(await app.exchange('gateway', alice, parameters)).toMatchObject(INVALID_REQUEST);
  });

  test('may use the token type JWT (RFC 8693 §3)', async () => {
    const type = 'urn:ietf:params:oauth:token-type:jwt';
    const answer = await app.exchange('gateway', alice, {
      subject_token_type: type,
      requested_token_type: type,
    });

    expect(answer.status).toBe(200);
  });
});

describe('revocation covers delegated tokens at any depth:', () => {
  const cases: readonly [string, (claims: DelegationClaims) => Revocable][] = [
    [
      'of the token of the subject',
      ({ lineage }) => ({ kind: 'token', jti: lineage[0]?.jti ?? '', expiresAt: NOW + 600 }),
    ],
    ['of its session', () => ({ kind: 'session', clientId: 'app', sessionId: 's1' })],
    ['of its subject', () => ({ kind: 'subject', clientId: 'app', subject: 'alice' })],
    ['of its API key', () => ({ kind: 'api_key', clientId: 'app' })],
    ['of the key it was encrypted under', ({ lineage }) => ({ kind: 'kid', kid: lineage[0]?.kid ?? '' })],
    [
      'of a token in between',
      ({ lineage }) => ({ kind: 'token', jti: lineage[1]?.jti ?? '', expiresAt: NOW + 600 }),
    ],
    ['of an API key in between', () => ({ kind: 'api_key', clientId: 'gateway' })],
  ];

  test.each(cases)('%s', async (_name, target) => {
    const first = await app.exchange('gateway', alice);
    const second = await app.exchange('worker', first.token);
    const third = await app.exchange('worker', second.token);
    expect(await app.use(third.token)).toBe(200);
    await app.revocations.revoke(target(await claimsOf(second.token)));

    expect(await app.use(third.token)).toBe(401);
    expect(await app.use(second.token)).toBe(401);
  });

  test('of the actor token', async () => {
    const agent = await app.obtain('agents', { user: 'bob' });
    const { token } = await app.exchange('desk', alice, { ...actorToken(agent), audience: REPORTS });
    await app.revocations.revoke({ kind: 'subject', clientId: 'agents', subject: 'bob' });

    expect(await app.use(token)).toBe(401);
    expect(await app.use(alice)).toBe(200);
  });

  test('but not of a user of the acting client who has the same name', async () => {
    const first = await app.exchange('gateway', alice);
    const second = await app.exchange('worker', first.token);
    await app.revocations.revoke({ kind: 'subject', clientId: 'gateway', subject: 'alice' });
    await app.revocations.revoke({ kind: 'subject', clientId: 'worker', subject: 'alice' });

    expect(await app.use(first.token)).toBe(200);
    expect(await app.use(second.token)).toBe(200);
  });
});
