import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import { authenticate, type KeyRing, requireEndpoint, requireFunctions, requireModel } from 'passport-jwe';
import request from 'supertest';
import { ADAPTERS } from '../support/apps.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

let keyRing: KeyRing;

beforeAll(async () => {
  keyRing = await createRing();
});

const GUARDS: readonly [string, RequestHandler][] = [
  ['requireModel', requireModel(() => 'gpt-4')],
  ['requireFunctions', requireFunctions(() => [])],
  ['requireEndpoint', requireEndpoint()],
];

const LIMITS = {
  requests_per_minute: 1,
  tokens_per_minute: 1,
  requests_per_hour: 1,
  concurrent_requests: 1,
};

/** The claims that each type of token needs beside those of every token. */
const CLAIMS: Readonly<Record<string, object>> = {
  tiered_model_exec: { allowed_models: ['gpt-4'], rate_limits: LIMITS },
  function_call: { allowed_functions: ['get_weather', 'get_time'], rate_limits: LIMITS },
  api_call: { allowed_endpoints: ['GET /reports/*', '* /drafts'], rate_limits: LIMITS },
  service: {},
  delegation: {
    ...{ delegator: 'a', delegated_to: 'b', act: { sub: 'b' }, expires_at: NOW + 60 },
    lineage: [{ jti: 'j', client_id: 'demo', sub: 'demo', iat: NOW }],
  },
};

async function answerOf(guard: RequestHandler, type: string, more: object = {}, path = '/proxy/reports/7') {
  const app = express();
  app.set('env', 'test');
  app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }), express.json());
  app.use('/proxy', guard, (_req, res) => void res.json({}));
  const claims = { type: type === 'foreign' ? undefined : type, ...CLAIMS[type], ...more };
  return request(app).get(path).auth(mintToken(keyRing, { claims }), { type: 'bearer' });
}

const statusOf = async (guard: RequestHandler, type: string, more: object = {}, path?: string) =>
  (await answerOf(guard, type, more, path)).status;

describe.each(GUARDS)('%s', (name, guard) => {
  test('has a name, for stack traces and route listings', () => {
    expect(guard.name).toBe(name);
  });

  test('rejects every request if no authentication ran', async () => {
    const app = express();
    app.use(guard, (_req, res) => void res.json({}));

    expect((await request(app).get('/').auth(mintToken(keyRing), { type: 'bearer' })).status).toBe(401);
  });

  test.each(ADAPTERS)('passes a token that satisfies it, behind $name', async ({ createApp }) => {
    const app = createApp({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }, [guard]);
    const allowed = { allowed_models: ['gpt-4'], allowed_endpoints: ['GET /resource'] };
    const token = mintToken(keyRing, { claims: { type: 'delegation', ...CLAIMS['delegation'], ...allowed } });

    expect((await request(app).get('/resource').auth(token, { type: 'bearer' })).status).toBe(200);
  });
});

describe('requireModel', () => {
  test.each([
    ['tiered_model_exec', 'gpt-4', {}, 200],
    ['tiered_model_exec', 'gpt-4o', {}, 403],
    ['tiered_model_exec', 'GPT-4', {}, 403],
    ['tiered_model_exec', undefined, {}, 403],
    ['tiered_model_exec', ['gpt-4'], {}, 403],
    ['delegation', 'gpt-4', { allowed_models: ['gpt-4'] }, 200],
    ['delegation', 'gpt-4', { allowed_models: [] }, 403],
    ['delegation', 'gpt-4', {}, 403],
    ['function_call', 'gpt-4', {}, 200],
    ['function_call', undefined, {}, 403],
    ['function_call', ['gpt-4'], {}, 403],
    ['api_call', 'gpt-4', {}, 403],
    ['service', 'gpt-4', {}, 403],
    ['foreign', 'gpt-4', { allowed_models: ['gpt-4'] }, 403],
  ])('answers a token of type %s that asks for %j with %j by %d', async (type, model, more, status) => {
    expect(
      await statusOf(
        requireModel(() => model),
        type,
        more,
      ),
    ).toBe(status);
  });
});

describe('requireFunctions', () => {
  test.each([
    ['function_call', ['get_weather'], {}, 200],
    ['function_call', [], {}, 200],
    ['function_call', ['get_weather', 'rm_rf'], {}, 403],
    ['delegation', ['get_weather'], { allowed_functions: ['get_weather'] }, 200],
    ['delegation', ['get_weather'], {}, 403],
    ['delegation', [], {}, 200],
    ['tiered_model_exec', ['rm_rf'], {}, 200],
    ['api_call', ['get_weather'], {}, 403],
    ['api_call', [], {}, 200],
    ['service', ['get_weather'], {}, 403],
    ['foreign', ['get_weather'], { allowed_functions: ['get_weather'] }, 403],
    ['foreign', [], {}, 200],
  ])('answers a token of type %s that defines %j with %j by %d', async (type, names, more, status) => {
    expect(
      await statusOf(
        requireFunctions(() => names),
        type,
        more,
      ),
    ).toBe(status);
  });
});

describe('requireEndpoint', () => {
  test.each([
    ['api_call', '/proxy/reports/7?page=2', {}, 200],
    ['api_call', '/proxy/drafts', {}, 200],
    ['api_call', '/proxy/reports', {}, 403],
    ['api_call', '/proxy', {}, 403],
    ['delegation', '/proxy/reports/7', { allowed_endpoints: ['GET /reports/*'] }, 200],
    ['delegation', '/proxy/reports/7', {}, 403],
    ['tiered_model_exec', '/proxy/reports/7', {}, 403],
    ['function_call', '/proxy/reports/7', {}, 403],
    ['service', '/proxy/reports/7', {}, 403],
    ['foreign', '/proxy/reports/7', { allowed_endpoints: ['GET /reports/*'] }, 403],
  ])('answers a token of type %s at %s with %j by %d', async (type, path, more, status) => {
    expect(await statusOf(requireEndpoint(), type, more, path)).toBe(status);
  });

  test('rejects a path that others could interpret differently with 400', async () => {
    const path = '/proxy/reports/%2e%2e/drafts';
    const { status, body, headers } = await answerOf(requireEndpoint(), 'api_call', {}, path);

    expect([status, body.error]).toEqual([400, 'invalid_request']);
    expect(headers['www-authenticate']).toContain('error="invalid_request"');
  });

  test.each([
    ['is encoded twice', '/proxy/reports/%252e%252e/drafts'],
    ['is encoded three times', '/proxy/reports/%25252e%25252e/drafts'],
    ['has fullwidth dots', '/proxy/reports/%EF%BC%8E%EF%BC%8E/drafts'],
    ['has one dot leaders', '/proxy/reports/%E2%80%A4%E2%80%A4/drafts'],
    ['has a fullwidth slash', '/proxy/reports/..%EF%BC%8Fdrafts'],
    ['has a division slash', '/proxy/reports/..%E2%88%95drafts'],
    ['has dots around an invisible character', '/proxy/reports/.%E2%80%8B./drafts'],
    ['has dots and a space', '/proxy/reports/..%20/drafts'],
    ['has a segment that begins with a semicolon', '/proxy/reports/;x/drafts'],
    ['begins with a path parameter', '/proxy/;x/reports/7'],
    ['ends with a path parameter', '/proxy/reports/;x'],
    ['has a dot segment with an encoded path parameter', '/proxy/reports/..%3Bx/drafts'],
  ])('rejects a path that %s with 400', async (_name, path) => {
    const { status, body } = await answerOf(requireEndpoint(), 'api_call', {}, path);

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test.each([
    '/proxy/reports/%C3%A9t%C3%A9',
    '/proxy/reports/a%20b',
    '/proxy/reports/7;v=1',
    '/proxy/reports/100%25',
    '/proxy/reports/.well-known',
  ])('passes the name in %s', async (path) => {
    expect(await statusOf(requireEndpoint(), 'api_call', {}, path)).toBe(200);
  });
});

test('select must be a function', () => {
  // @ts-expect-error: the mistake in question
  expect(() => requireModel('model')).toThrow(TypeError);
  // @ts-expect-error: the mistake in question
  expect(() => requireFunctions()).toThrow(TypeError);
});
