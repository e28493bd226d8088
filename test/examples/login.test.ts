import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import request, { type Response } from 'supertest';
import { createBearerApp } from '../../examples/login/bearer-app.js';
import { createCookieApp } from '../../examples/login/cookie-app.js';
import { hashPassword, isPassword } from '../../examples/login/passwords.js';
import { type RunningProgram, startProgram } from '../support/processes.js';

const ORIGIN = 'https://app.example.com';
const ALICE = { name: 'alice', password: 'correct horse battery staple' };
/** Another user: the end of all sessions of a user also covers sessions that begin in the same second. */
const BOB = { ...ALICE, name: 'bob' };

let server: Server;

async function listen(app: Parameters<typeof createServer>[1]): Promise<void> {
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
}

async function close(): Promise<void> {
  server.close();
  await once(server, 'close');
}

describe('the bearer variant', () => {
  beforeAll(() => listen(createBearerApp()));
  afterAll(close);

  const post = (path: string, body: object = {}) => request(server).post(path).send(body);
  const signIn = async (): Promise<Tokens> => tokensIn(await post('/sign-in', ALICE).expect(200));
  const refresh = (refreshToken: string) => post('/refresh', { refreshToken });
  const getDocuments = (accessToken: string) =>
    request(server).get('/documents').auth(accessToken, { type: 'bearer' });

  test('signs in, and its token opens the guarded route', async () => {
    const { accessToken } = await signIn();
    const { body } = await getDocuments(accessToken).expect(200);

    expect(body).toEqual({ documents: [], tenant: 'acme' });
    await request(server).get('/documents').expect(401);
  });

  test('answers a wrong password and an unknown user alike', async () => {
    const wrong = await post('/sign-in', { ...ALICE, password: 'wrong' });
    const unknown = await post('/sign-in', { ...ALICE, name: 'mallory' });

    expect([wrong.status, unknown.status]).toEqual([403, 403]);
    expect(wrong.body).toEqual({ error: 'wrong_name_or_password' });
    expect(unknown.body).toEqual(wrong.body);
  });

  test.each([
    ['no name and no password', {}],
    ['no password', { name: 'alice' }],
    ['a number as the password', { name: 'alice', password: 1 }],
    ['a password that is too long', { name: 'alice', password: 'x'.repeat(257) }],
  ])('answers %s with 400', async (_, body) => {
    await post('/sign-in', body).expect(400);
  });

  test('answers further attempts with 429 after five failures', async () => {
    const guess = () => post('/sign-in', { name: 'eve', password: 'guess' });
    const guesses = await Promise.all([guess(), guess(), guess(), guess(), guess(), guess()]);
    const { status, headers } = await guess();

    expect(guesses.map((answer) => answer.status).sort()).toEqual([403, 403, 403, 403, 403, 429]);
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(800);
  });

  test('refreshes', async () => {
    const first = await signIn();
    const second = tokensIn(await refresh(first.refreshToken).expect(200));

    expect(second.refreshToken).not.toBe(first.refreshToken);
    await getDocuments(second.accessToken).expect(200);
  });

  test('ends the session if a refresh token is used again', async () => {
    const first = await signIn();
    const second = tokensIn(await refresh(first.refreshToken));
    const third = tokensIn(await refresh(second.refreshToken));
    const { status, body } = await refresh(first.refreshToken);

    expect([status, body.error]).toEqual([400, 'invalid_grant']);
    await refresh(third.refreshToken).expect(400);
    await getDocuments(third.accessToken).expect(401);
  });

  test('rejects a refresh without a refresh token', async () => {
    expect((await post('/refresh')).body.error).toBe('invalid_request');
  });

  test('logs out here, but not elsewhere', async () => {
    const [here, elsewhere] = [await signIn(), await signIn()];
    await post('/logout', { refreshToken: here.refreshToken }).expect(204);

    await refresh(here.refreshToken).expect(400);
    await getDocuments(here.accessToken).expect(401);
    await getDocuments(elsewhere.accessToken).expect(200);
  });

  test('logs out everywhere', async () => {
    const [here, elsewhere] = [await signIn(), await signIn()];
    await post('/logout-everywhere').auth(here.accessToken, { type: 'bearer' }).expect(204);

    await getDocuments(here.accessToken).expect(401);
    await getDocuments(elsewhere.accessToken).expect(401);
    await refresh(elsewhere.refreshToken).expect(400);
  });
});

describe('the cookie variant', () => {
  beforeAll(() => listen(createCookieApp(ORIGIN)));
  afterAll(close);

  /** A request as a browser sends it. */
  const send = (method: 'get' | 'post', path: string, cookies: Cookies = {}, site = 'same-origin') => {
    const pairs = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
    const sent = request(server)[method](path).set('Sec-Fetch-Site', site);
    return pairs.length === 0 ? sent : sent.set('Cookie', pairs.join('; '));
  };
  const signIn = async (): Promise<Cookies> =>
    cookiesIn(await send('post', '/sign-in').send(BOB).expect(204));
  const refresh = (cookies: Cookies) => send('post', '/refresh', cookies);

  test('signs in with cookies that scripts cannot read, and no token in the body', async () => {
    const { headers, text } = await send('post', '/sign-in').send(BOB).expect(204);
    const [access = '', refreshing = ''] = headers['set-cookie'] ?? [];
    const attributes = /; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/;

    expect(access).toMatch(/^__Host-access=[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+; Max-Age=600;/);
    expect(refreshing).toMatch(/^__Host-refresh=[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+; Max-Age=2592000;/);
    expect([access, refreshing]).toEqual([
      expect.stringMatching(attributes),
      expect.stringMatching(attributes),
    ]);
    expect(text).toBe('');
  });

  test('opens the guarded route by cookie only', async () => {
    const cookies = await signIn();
    const { body } = await send('get', '/documents', cookies).expect(200);

    expect(body).toEqual({ documents: [], tenant: 'acme' });
    await send('get', '/documents').expect(401);
    await send('get', '/documents')
      .auth(cookies['__Host-access'] ?? '', { type: 'bearer' })
      .expect(401);
  });

  test('answers a wrong password without cookies', async () => {
    const { status, headers } = await send('post', '/sign-in').send({ ...BOB, password: 'wrong' });

    expect([status, headers['set-cookie']]).toEqual([403, undefined]);
  });

  test('refreshes', async () => {
    const first = await signIn();
    const second = cookiesIn(await refresh(first).expect(204));

    expect(second['__Host-refresh']).not.toBe(first['__Host-refresh']);
    await send('get', '/documents', second).expect(200);
    await refresh({}).expect(401);
  });

  test('ends the session and clears the cookies if a refresh token is used again', async () => {
    const first = await signIn();
    const second = cookiesIn(await refresh(first));
    const third = cookiesIn(await refresh(second));
    const answer = await refresh(first).expect(400);

    expect(cookiesIn(answer)).toEqual({ '__Host-access': '', '__Host-refresh': '' });
    await refresh(third).expect(400);
    await send('get', '/documents', third).expect(401);
  });

  test('logs out here, but not elsewhere', async () => {
    const [here, elsewhere] = [await signIn(), await signIn()];
    const answer = await send('post', '/logout', here).expect(204);

    expect(cookiesIn(answer)).toEqual({ '__Host-access': '', '__Host-refresh': '' });
    await send('get', '/documents', here).expect(401);
    await refresh(here).expect(400);
    await send('get', '/documents', elsewhere).expect(200);
  });

  test.each([[{}], [{ '__Host-refresh': 'x' }]])('logs out with the cookies %j too', async (cookies) => {
    await send('post', '/logout', cookies).expect(204);
  });

  describe('against cross-site request forgery', () => {
    test('rejects every request of another site that changes something', async () => {
      const cookies = await signIn();
      for (const path of ['/sign-in', '/refresh', '/logout', '/logout-everywhere']) {
        for (const site of ['cross-site', 'same-site', 'none']) {
          expect((await send('post', path, cookies, site).send(BOB)).body.error).toBe('access_denied');
        }
      }

      await send('get', '/documents', cookies).expect(200);
    });

    test.each([
      ['accepts the origin of the application', { Origin: ORIGIN }, 204],
      ['rejects another origin', { Origin: 'https://evil.example' }, 403],
      ['rejects a sandboxed page', { Origin: 'null' }, 403],
      ['rejects a request that names no origin', {}, 403],
      [
        'rejects another site that has the same origin',
        { Origin: ORIGIN, 'Sec-Fetch-Site': 'cross-site' },
        403,
      ],
    ])('%s', async (_, headers, status) => {
      await request(server).post('/logout').set(headers).expect(status);
    });

    test('reads no form, which other sites can send without a preflight request', async () => {
      await send('post', '/sign-in').type('form').send(BOB).expect(400);
    });
  });

  test('logs out everywhere', async () => {
    const [here, elsewhere] = [await signIn(), await signIn()];
    const answer = await send('post', '/logout-everywhere', here).expect(204);

    expect(cookiesIn(answer)).toEqual({ '__Host-access': '', '__Host-refresh': '' });
    await send('get', '/documents', elsewhere).expect(401);
    await refresh(elsewhere).expect(400);
  });
});

test('the check of a password takes a similar time for known and unknown users', async () => {
  const hash = await hashPassword(ALICE.password);
  const timeOf = async (check: () => Promise<boolean>): Promise<number> => {
    const started = performance.now();
    expect(await check()).toBe(false);
    return performance.now() - started;
  };
  const known = await timeOf(() => isPassword('wrong', hash));
  const unknown = await timeOf(() => isPassword('wrong', undefined));

  expect(unknown).toBeGreaterThan(known / 10);
});

describe('npm run login', () => {
  let program: RunningProgram | undefined;
  const run = promisify(execFile);

  afterEach(async () => {
    program?.process.kill('SIGKILL');
    await program?.ended;
  });

  test.each([
    { args: [], statuses: [200, 204, 401] },
    { args: ['cookie'], statuses: [204, 200, 403, 204, 401] },
  ])('$args prints commands that work when pasted', async ({ args, statuses }) => {
    program = startProgram('examples/login/main.ts', {}, { args });
    const { process: child, output } = program;
    while (!output().includes('# 401')) await once(child.stdout ?? child, 'data');
    const { stdout } = await run('bash', ['-euc', `cd "$(mktemp -d)"\n${output()}`]);

    expect([...stdout.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))).toEqual(statuses);
  });

  test('rejects an unknown variant', async () => {
    program = startProgram('examples/login/main.ts', {}, { args: ['basic'] });

    expect(await program.ended).toBe(2);
    expect(program.output()).toBe('Unknown variant "basic"; expected one of: bearer, cookie\n');
  });
});

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

function tokensIn({ body }: Response): Tokens {
  return { accessToken: String(body.accessToken), refreshToken: String(body.refreshToken) };
}

type Cookies = Readonly<Record<string, string>>;

function cookiesIn({ headers }: Response): Cookies {
  const cookies = [headers['set-cookie'] ?? []]
    .flat()
    .map((cookie) => cookie.split(';', 1).join('').split('='));
  return Object.fromEntries(cookies.map(([name = '', value = '']) => [name, value]));
}
