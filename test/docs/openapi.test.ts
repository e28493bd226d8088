import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import express, { type Express } from 'express';
import { load } from 'js-yaml';
import {
  authenticate,
  authorizationServerMetadata,
  createMemoryStores,
  createRevocations,
  createSessions,
  createSigningKey,
  protectedResourceMetadata,
  sessionRouter,
  TemporarilyUnavailableError,
  tokenRouter,
} from 'passport-jwe';
import type { Stores } from 'passport-jwe/stores';
import request, { type Response } from 'supertest';
import { loadFiles } from '../support/api-key-files.js';
import { forgeByExport } from '../support/forged-claims.js';
import { generateSigner } from '../support/key-pairs.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

interface Content {
  readonly schema: object;
}

interface Header {
  readonly $ref?: string;
  readonly required?: boolean;
}

interface Answer {
  readonly $ref?: string;
  readonly 'x-body-optional'?: boolean;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, Content>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, Answer>>;
}

interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const text = await readFile(new URL('../../docs/reference/openapi.yaml', import.meta.url), 'utf8');
const document = readDescription(load(text));
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, 'openapi');

const OTHER = 'https://other.example.com';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const COMMON = 'type: api_call\nrate_limits: {}\nusers: true\npermissions: [read, manage:sessions]\n';
const FILES = {
  'demo.yaml': `api_key: sk-demo\nkey_id: demo\nname: Demo\n${COMMON}`,
  'other.yaml': `api_key: sk-other\nkey_id: other\nname: Other\nservice_audiences: [${OTHER}]\n${COMMON}`,
  'desk.yaml': `api_key: sk-desk\nkey_id: desk\nname: Desk\n${COMMON}delegation: { subjects: [demo], audiences: [${AUDIENCE}] }\n`,
};

/** Whether every access to a store fails. */
let isAway = false;
let app: Express;
let throttled: Express;
/** `METHOD path status` of all responses that were validated. */
const seen = new Set<string>();

beforeAll(async () => {
  app = await createApp(1000);
  throttled = await createApp(1);
  await request(throttled)
    .post('/oauth/token')
    .set('X-API-Key', 'sk-wrong')
    .type('form')
    .send('grant_type=x');
});

async function createApp(failuresPerMinute: number): Promise<Express> {
  const stores = interruptible(createMemoryStores({ clock }));
  const revocations = createRevocations({ stores, clock });
  const keyRing = await createRing();
  const service = { keyRing, issuer: ISSUER, audience: AUDIENCE, revocations, clock };
  const signing = await createSigningKey({ jwk: generateSigner().privateJwk });
  const apiKeys = await loadFiles(FILES);
  const tokens = tokenRouter({ ...service, apiKeys, stores, signing, throttle: { failuresPerMinute } });
  const sessions = createSessions({ stores, revocations, clock });
  return express()
    .use('/oauth', tokens)
    .use('/sessions', authenticate(service), sessionRouter({ sessions }))
    .use(authorizationServerMetadata({ tokenRouter: tokens, url: `${ISSUER}/oauth` }))
    .use(protectedResourceMetadata({ resource: AUDIENCE, authorizationServers: [ISSUER], scopes: ['read'] }));
}

/** Stores that are unavailable while `isAway`: all of families, and the writing of revocations. */
function interruptible(stores: Stores): Stores {
  return {
    ...stores,
    families: interrupt(stores.families, () => true),
    revocations: interrupt(stores.revocations, (method) => method === 'add'),
  };
}

function interrupt<Store extends object>(store: Store, isConcerned: (method: unknown) => boolean): Store {
  return new Proxy(store, {
    get(target, method) {
      const value: unknown = Reflect.get(target, method);
      if (typeof value !== 'function') return value;
      if (isAway && isConcerned(method)) return () => Promise.reject(new TemporarilyUnavailableError());
      return value.bind(target);
    },
  });
}

function readDescription(value: unknown): Description {
  if (isDescription(value)) return value;
  throw new TypeError('docs/reference/openapi.yaml is no OpenAPI document');
}

function isDescription(value: unknown): value is Description {
  return typeof value === 'object' && value !== null && 'openapi' in value && 'paths' in value;
}

/** The object that a reference of the document names. */
function resolve<Value extends { readonly $ref?: string }>(value: Value): Value {
  if (value.$ref === undefined) return value;
  let found: unknown = document;
  for (const name of value.$ref.slice(2).split('/')) found = Reflect.get(Object(found), name);
  return Object(found);
}

/** The faults of a value against a schema of the document. */
function faultsOf(schema: object, value: unknown): string {
  const validate = ajv.compile(absolute(schema));
  return validate(value) ? '' : ajv.errorsText(validate.errors);
}

/** Local references of a part of the document, as references to the document. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"openapi#/'));
}

/** Validates status, headers, media type and body of a response. */
function expectDescribed(path: string, method: string, response: Response): void {
  const { status } = response;
  // A method that the path does not have is described with each that it has.
  const operation = document.paths[path]?.[method] ?? Object.values(document.paths[path] ?? {})[0];
  const named = operation?.responses[status];
  expect({ path, status, isDescribed: named !== undefined }).toEqual({ path, status, isDescribed: true });
  if (named === undefined) return;
  const answer = resolve(named);
  for (const [name, reference] of Object.entries(answer.headers ?? {})) {
    const header = resolve(reference);
    const value: unknown = response.headers[name.toLowerCase()];
    if (header.required === true || value !== undefined) {
      expect({ name, faults: faultsOf(Reflect.get(header, 'schema'), value) }).toEqual({ name, faults: '' });
    }
  }
  seen.add(`${document.paths[path]?.[method] === undefined ? 'other' : method} ${path} ${status}`);
  const isEmpty = response.text === '' || response.text === undefined;
  if (answer.content === undefined || (isEmpty && answer['x-body-optional'] === true)) {
    expect(isEmpty).toBe(true);
    return;
  }
  const [mediaType = ''] = String(response.headers['content-type']).split(';');
  const content = answer.content[mediaType];
  expect({ mediaType, isDescribed: content !== undefined }).toEqual({ mediaType, isDescribed: true });
  expect(faultsOf(content?.schema ?? {}, JSON.parse(response.text))).toBe('');
}

type Parameters = Readonly<Record<string, string>>;
const CLIENT_CREDENTIALS = { grant_type: 'client_credentials' };

const post = (path: string, parameters: Parameters, apiKey = 'sk-demo', target = app) =>
  request(target).post(`/oauth/${path}`).set('X-API-Key', apiKey).type('form').send(parameters);

async function obtain(parameters: Parameters = {}, apiKey = 'sk-demo') {
  const { body } = await post('token', { ...CLIENT_CREDENTIALS, ...parameters }, apiKey);
  return { access: String(body.access_token), refresh: String(body.refresh_token) };
}

const MANAGE = { user: 'alice', scope: 'offline_access manage:sessions' };

const exchange = (subject: string): Parameters => ({
  grant_type: EXCHANGE,
  subject_token: subject,
  subject_token_type: ACCESS_TOKEN,
});

/** Runs while the stores are unavailable. */
async function away(run: () => PromiseLike<Response>): Promise<Response> {
  isAway = true;
  try {
    return await run();
  } finally {
    isAway = false;
  }
}

const manage = (method: 'get' | 'delete' | 'post' | 'put', path: string, token: string) =>
  request(app)[method](`/sessions${path}`).auth(token, { type: 'bearer' });

type Case = readonly [
  name: string,
  path: string,
  method: string,
  status: number,
  send: () => Promise<Response> | PromiseLike<Response>,
];

const TOKEN = '/oauth/token';
const INTROSPECT = '/oauth/introspect';
const REVOKE = '/oauth/revoke';
const ONE = '/sessions/{sessionId}';

const tokenCases: readonly Case[] = [
  ['an access token', TOKEN, 'post', 200, () => post('token', { ...CLIENT_CREDENTIALS, scope: 'read' })],
  ['a refresh token', TOKEN, 'post', 200, () => post('token', { ...CLIENT_CREDENTIALS, ...MANAGE })],
  [
    'a refresh',
    TOKEN,
    'post',
    200,
    async () => post('token', { grant_type: 'refresh_token', refresh_token: (await obtain(MANAGE)).refresh }),
  ],
  [
    'a token exchange',
    TOKEN,
    'post',
    200,
    async () => post('token', exchange((await obtain({ user: 'alice' })).access), 'sk-desk'),
  ],
  ['a missing parameter', TOKEN, 'post', 400, () => post('token', {})],
  ['an unknown grant', TOKEN, 'post', 400, () => post('token', { grant_type: 'password' })],
  ['a scope beyond', TOKEN, 'post', 400, () => post('token', { ...CLIENT_CREDENTIALS, scope: 'root' })],
  ['a wrong target', TOKEN, 'post', 400, () => post('token', { ...CLIENT_CREDENTIALS, audience: 'x' })],
  [
    'an invalid grant',
    TOKEN,
    'post',
    400,
    () => post('token', { grant_type: 'refresh_token', refresh_token: 'x' }),
  ],
  ['no delegation', TOKEN, 'post', 400, () => post('token', exchange('x'))],
  ['an exchange of nothing', TOKEN, 'post', 400, () => post('token', exchange('x'), 'sk-desk')],
  ['a wrong API key', TOKEN, 'post', 401, () => post('token', CLIENT_CREDENTIALS, 'sk-wrong')],
  ['a store away', TOKEN, 'post', 503, () => away(() => post('token', { ...CLIENT_CREDENTIALS, ...MANAGE }))],
];

const introspectionCases: readonly Case[] = [
  [
    'an access token',
    INTROSPECT,
    'post',
    200,
    async () => post('introspect', { token: (await obtain({ user: 'alice' })).access }),
  ],
  [
    'a delegated token',
    INTROSPECT,
    'post',
    200,
    async () => {
      const { access } = await obtain({ user: 'alice' });
      const { body } = await post('token', exchange(access), 'sk-desk');
      return post('introspect', { token: body.access_token }, 'sk-desk');
    },
  ],
  [
    'a refresh token',
    INTROSPECT,
    'post',
    200,
    async () => post('introspect', { token: (await obtain(MANAGE)).refresh }),
  ],
  ['text that is no token', INTROSPECT, 'post', 200, () => post('introspect', { token: 'x' })],
  ['no token', INTROSPECT, 'post', 400, () => post('introspect', {})],
  ['a wrong API key', INTROSPECT, 'post', 401, () => post('introspect', { token: 'x' }, 'sk-wrong')],
  [
    'a store away',
    INTROSPECT,
    'post',
    503,
    async () => {
      const { refresh } = await obtain(MANAGE);
      return away(() => post('introspect', { token: refresh }));
    },
  ],
];

const revocationCases: readonly Case[] = [
  ['a token', REVOKE, 'post', 200, async () => post('revoke', { token: (await obtain()).access })],
  ['text that is no token', REVOKE, 'post', 200, () => post('revoke', { token: 'x' })],
  ['no token', REVOKE, 'post', 400, () => post('revoke', {})],
  [
    'a token of another client',
    REVOKE,
    'post',
    400,
    async () => post('revoke', { token: (await obtain()).access }, 'sk-other'),
  ],
  [
    'a token without a proof',
    REVOKE,
    'post',
    400,
    async () => post('revoke', { token: forgeByExport(await createRing(), AUDIENCE) }),
  ],
  ['a wrong API key', REVOKE, 'post', 401, () => post('revoke', { token: 'x' }, 'sk-wrong')],
  [
    'a store away',
    REVOKE,
    'post',
    503,
    async () => {
      const { access } = await obtain();
      return away(() => post('revoke', { token: access }));
    },
  ],
];

/** What all endpoints of the token router with a body share. */
const bodyCases: readonly Case[] = ['token', 'introspect', 'revoke'].flatMap((name): readonly Case[] => {
  const path = `/oauth/${name}`;
  const send = (type: string, body: string) =>
    request(app).post(path).set('X-API-Key', 'sk-demo').type(type).send(body);
  return [
    ['another method', path, 'get', 405, () => request(app).get(path)],
    ['a long body', path, 'post', 413, () => send('form', `token=${'x'.repeat(20_000)}`)],
    ['another media type', path, 'post', 415, () => send('text/plain', 'token')],
    ['too many failures', path, 'post', 429, () => post(name, {}, 'sk-demo', throttled)],
  ];
});

const sessionCases: readonly Case[] = [
  [
    'the first of two pages',
    '/sessions',
    'get',
    200,
    async () => {
      await obtain({ ...MANAGE, device_id: 'phone' });
      return manage('get', '?limit=1', (await obtain(MANAGE)).access);
    },
  ],
  ['all', '/sessions', 'get', 200, async () => manage('get', '', (await obtain(MANAGE)).access)],
  ['all but one', '/sessions', 'delete', 204, async () => endAll('?keep=current')],
  ['all of a user', '/sessions', 'delete', 204, async () => endAll('')],
  ['one', ONE, 'delete', 204, async () => manage('delete', '/s1', (await obtain(MANAGE)).access)],
  ...(['get', 'delete'] as const).flatMap((method): readonly Case[] => casesOf('/sessions', method, '')),
  ...casesOf(ONE, 'delete', '/s1'),
];

async function endAll(query: string): Promise<Response> {
  return manage('delete', query, (await obtain({ ...MANAGE, user: 'bob' })).access);
}

function casesOf(path: string, method: 'get' | 'delete', suffix: string): readonly Case[] {
  const token = async () => (await obtain({ ...MANAGE, user: 'carol' })).access;
  return [
    ['an unknown parameter', path, method, 400, async () => manage(method, `${suffix}?x=1`, await token())],
    ['no token', path, method, 401, () => request(app)[method](`/sessions${suffix}`)],
    ['a bad token', path, method, 401, () => manage(method, suffix, 'x.y.z')],
    [
      'no scope',
      path,
      method,
      403,
      async () => manage(method, suffix, (await obtain({ scope: 'read' })).access),
    ],
    [
      'a delegated token',
      path,
      method,
      403,
      async () => {
        const { body } = await post('token', exchange(await token()), 'sk-desk');
        return manage(method, suffix, String(body.access_token));
      },
    ],
    ['another method', path, 'put', 405, async () => manage('put', suffix, await token())],
    [
      'a store away',
      path,
      method,
      503,
      async () => {
        const presented = await token();
        return away(() => manage(method, suffix, presented));
      },
    ],
  ];
}

const metadataCases: readonly Case[] = [
  ['keys', '/oauth/jwks', 'get', 200, () => request(app).get('/oauth/jwks')],
  ['another method', '/oauth/jwks', 'post', 405, () => request(app).post('/oauth/jwks')],
  ...['oauth-authorization-server', 'oauth-protected-resource'].map((name): Case => {
    const path = `/.well-known/${name}`;
    return ['metadata', path, 'get', 200, () => request(app).get(path)];
  }),
];

const cases = [
  ...[tokenCases, introspectionCases, revocationCases],
  ...[bodyCases, sessionCases, metadataCases],
].flat();

describe('docs/reference/openapi.yaml', () => {
  test('is OpenAPI 3.1 whose references lead somewhere', () => {
    const references = [...text.matchAll(/\$ref: '(#[^']+)'/g)].map(([, $ref = '']) => ({ $ref }));

    expect(document.openapi).toMatch(/^3\.1\./);
    for (const reference of references) expect(Object.keys(resolve(reference))).not.toEqual([]);
  });

  test.each(cases.map(([name, path, method, status, send]) => ({ name, path, method, status, send })))(
    'describes $method $path $status: $name',
    async ({ path, method, status, send }) => {
      const response = await send();

      expect(response.status).toBe(status);
      expectDescribed(path, method, response);
    },
  );

  test('rejects faulty bodies', () => {
    const schema = { $ref: '#/components/schemas/TokenResponse' };

    expect(faultsOf(schema, { access_token: 'x', token_type: 'Bearer', expires_in: 1 })).not.toBe('');
    expect(
      faultsOf({ $ref: '#/components/schemas/InvalidRequestError' }, { error: 'invalid_token' }),
    ).not.toBe('');
  });
});

afterAll(() => {
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => `${status === '405' ? 'other' : method} ${path} ${status}`),
    ),
  );
  // Every response that is described was received; `--testNamePattern` leaves some out.
  if (seen.size > 25) expect([...new Set(described)].filter((each) => !seen.has(each))).toEqual([]);
});
