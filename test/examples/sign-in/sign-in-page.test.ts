import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ldapDirectory } from 'passport-jwe/ldap';
import { findFreePort } from '../../support/processes.js';
import { createSignInBrowser, type Fields } from '../../support/sign-in-browser.js';
import { dnOf, passwordOf, type SignInServers, startSignInServers } from '../../support/sign-in-servers.js';
import { change, describeWithSlapd } from '../../support/slapd.js';

const REJECTED = 'The user name or password is wrong, or the account cannot sign in.';
const THROTTLED = 'Too many attempts.';

let servers: SignInServers;

describeWithSlapd('the sign-in page of examples/sign-in', () => {
  beforeAll(async () => {
    servers = await startSignInServers(['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace'], {
      attemptsPerAddress: 6,
    });
  });

  afterAll(() => servers.close());

  let hosts = 0;
  /** A browser with a separate address, so that tests do not throttle each other. */
  const createBrowser = () => {
    hosts += 1;
    return createSignInBrowser(servers, `198.51.100.${hosts}`);
  };
  const openForm = () => createBrowser().openForm();
  const attempt = async (name: string, password: string) => (await openForm()).submit({ name, password });
  const setLock = (name: string, value: string) =>
    servers.slapd.modify(
      change(
        dnOf(name),
        'changetype: modify',
        'replace: pwdAccountLockedTime',
        `pwdAccountLockedTime: ${value}`,
      ),
    );

  test('has labels, attributes for password managers, and a token', async () => {
    const { text, csrf } = await openForm();

    expect(csrf).toMatch(/^[\w-]{43}$/);
    expect(text).toMatch(/<label for="name">User name<\/label>\s*<input\s+id="name"/);
    expect(text).toMatch(/<label for="password">Password<\/label>\s*<input\s+id="password"/);
    expect(text).toContain('autocomplete="username"');
    expect(text).toContain('autocomplete="current-password"');
  });

  test('answers unknown names, wrong passwords and inactive accounts alike', async () => {
    await setLock('carol', '000001010000Z');
    await setLock('dave', generalizedTime(new Date()));
    const responses = [
      await attempt('mallory', 'guess'),
      await attempt('bob', 'guess'),
      await attempt('carol', passwordOf('carol')),
      await attempt('dave', passwordOf('dave')),
    ];
    const strip = (text: string) =>
      text.replaceAll(/(\/sign-in\/|name="csrf" value="|name="name"\s+value=")[^"]*/g, '$1');

    expect(responses.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(new Set(responses.map(({ text }) => strip(text))).size).toBe(1);
    expect(responses[0]?.text).toContain(REJECTED);
    expect(responses[0]?.text).not.toContain('guess');
  });

  test('no character of a name or password changes the search', async () => {
    const names = [
      '*',
      'alice)(uid=*',
      '*)(objectClass=*',
      'al*',
      'alice\0',
      '\\2a',
      'uid=alice',
      'älice',
      '"><b>',
    ];
    const responses = await Promise.all(names.map((name) => attempt(name, passwordOf('alice'))));
    const passwords = await Promise.all(
      ['*', '\0', `${passwordOf('erin')}\0`].map((each) => attempt('erin', each)),
    );

    expect([...responses, ...passwords].filter(({ status }) => status !== 403 && status !== 429)).toEqual([]);
    expect(responses.at(-1)?.text).toContain('value="&quot;&gt;&lt;b&gt;"');
  });

  test('rejects incomplete, repeated and long fields', async () => {
    const cases: readonly Fields[] = [
      {},
      { name: 'alice' },
      { password: passwordOf('alice') },
      { name: 'alice', password: '' },
      { name: 'alice', password: 'x'.repeat(257) },
      { name: 'x'.repeat(257), password: 'guess' },
      [...['guess', passwordOf('alice')].map((each) => ['password', each] as const), ['name', 'alice']],
    ];
    const form = await openForm();
    for (const fields of cases) expect((await form.submit(fields)).status).toBe(403);
    const large = await form.submit({ name: 'alice', password: 'x'.repeat(5000) });
    const many = await form.submit(Object.fromEntries([...'abcdefghijklm'].map((name) => [name, ''])));

    expect([large.status, many.status]).toEqual([400, 400]);
    expect((await form.submit({ name: 'alice', password: passwordOf('alice') })).status).toBe(303);
  });

  test('logs the result with the reason, and without names and passwords', async () => {
    await attempt('grace', 'guess-1');
    await attempt('grace', passwordOf('grace'));
    await attempt('nemo-1', 'guess-2');
    const [rejected = '', authenticated = '', unknown = ''] = servers.log().split('\n').slice(-3);

    expect(JSON.parse(rejected)).toMatchObject({ kind: 'rejected', reason: 'password' });
    expect(JSON.parse(authenticated)).toMatchObject({ kind: 'authenticated' });
    expect(JSON.parse(authenticated).subject).toMatch(/^corp:[0-9a-f-]{36}$/);
    expect(JSON.parse(unknown)).toMatchObject({ kind: 'rejected', reason: 'unknown' });
    expect(servers.log()).not.toMatch(/password of|guess|grace|nemo/);
  });

  test('cancels without a password', async () => {
    const browser = createBrowser();
    const form = await browser.openForm();
    const { status, headers } = await form.submit({ cancel: 'yes' });
    const final = await browser.get(headers.get('location') ?? '');

    expect(status).toBe(303);
    expect(final.headers.get('location')).toContain(`${servers.app}/?error=access_denied`);
  });

  describe('against cross-site request forgery', () => {
    const credentials = { name: 'alice', password: passwordOf('alice') };

    test.each([
      ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
      ['a page of another server of the site', { 'sec-fetch-site': 'same-site' }],
      ['an old browser on a page of another site', { origin: 'https://evil.example' }],
      ['a sandboxed page', { origin: 'null' }],
      ['a request without origin', {}],
    ])('rejects the form of %s', async (_, headers: Record<string, string>) => {
      const form = await openForm();
      const { status, text } = await form.submit(credentials, headers);

      expect([status, text.includes('It came from a different site.')]).toEqual([403, true]);
      expect((await form.submit(credentials, { origin: servers.issuer })).status).toBe(303);
    });

    test('rejects a form without token, or with the token of another sign-in', async () => {
      const browser = createBrowser();
      const form = await browser.openForm();
      const { csrf } = await openForm();
      const statuses = [];
      for (const token of ['', 'x', csrf]) {
        statuses.push((await browser.post(form.url, { ...credentials, csrf: token })).status);
      }
      statuses.push((await browser.post(form.url, credentials)).status);

      expect(statuses).toEqual([403, 403, 403, 403]);
    });

    test('rejects the form of a different browser', async () => {
      const form = await openForm();
      const browser = createBrowser();
      const withoutCookie = await browser.post(form.url, { ...credentials, csrf: form.csrf });
      await browser.openForm();
      const withOtherCookie = await browser.post(form.url, { ...credentials, csrf: form.csrf });

      expect(withoutCookie.status).toBe(400);
      expect(withOtherCookie.status).toBe(403);
    });
  });

  describe('throttles', () => {
    test('attempts per person, for all spellings and addresses together, below the lockout', async () => {
      const spellings = ['frank', 'FRANK', ' frank ', 'Frank', 'ｆｒａｎｋ'];
      const responses = [];
      for (const name of spellings) responses.push(await attempt(name, 'guess'));
      const last = await attempt('frank', passwordOf('frank'));
      const directory = ldapDirectory(servers.slapd.options);
      const person = await directory.findByName('frank');
      await directory.close();

      expect(responses.map(({ status }) => status)).toEqual([403, 403, 429, 429, 429]);
      expect([last.status, last.headers.get('retry-after')]).toEqual([429, '900']);
      expect(last.text).toContain(THROTTLED);
      expect(person?.state).toBe('active');
    });

    test('unknown names in the same way', async () => {
      const responses = [];
      for (const name of ['nemo', 'NEMO', ' nemo ']) responses.push(await attempt(name, 'guess'));

      expect(responses.map(({ status }) => status)).toEqual([403, 403, 429]);
    });

    test('parallel attempts', async () => {
      const responses = await Promise.all(Array.from({ length: 6 }, () => attempt('erin.x', 'guess')));

      expect(responses.map(({ status }) => status).sort()).toEqual([403, 403, 429, 429, 429, 429]);
    });

    test('attempts per client address, for all names together', async () => {
      const form = await openForm();
      const statuses = [];
      for (let index = 0; index < 7; index += 1) {
        statuses.push((await form.submit({ name: `name-${index}`, password: 'guess' })).status);
      }

      expect(statuses).toEqual([403, 403, 403, 403, 403, 403, 429]);
      expect((await form.submit({ name: 'alice', password: passwordOf('alice') })).status).toBe(429);
      expect((await attempt('alice', passwordOf('alice'))).status).toBe(303);
    });

    test('no person who signs in', async () => {
      for (let index = 0; index < 4; index += 1) {
        expect((await attempt('alice', 'guess')).status).toBe(403);
        expect((await attempt('alice', passwordOf('alice'))).status).toBe(303);
      }
    });
  });

  test('redirects to registered URLs only', async () => {
    const browser = createBrowser();
    const evil = 'https://evil.example/';
    const authorization = await browser.openForm({ redirect_uri: evil });
    const signOut = await browser.get(`/session/end?client_id=documents&post_logout_redirect_uri=${evil}`);
    const notFound = await browser.get('/sign-in/%2F%2Fevil.example');

    expect([authorization.status, signOut.status, notFound.status]).toEqual([400, 400, 400]);
    for (const { headers, text } of [authorization, signOut, notFound]) {
      expect(headers.get('location')).toBeNull();
      expect(text).not.toContain('evil');
    }
  });

  test('requires PKCE', async () => {
    const { headers } = await createBrowser().openForm({ code_challenge: '', code_challenge_method: '' });

    expect(headers.get('location')).toContain('error=invalid_request');
  });

  test('has security headers', async () => {
    const browser = createBrowser();
    const { headers } = await browser.openForm();

    expect(headers.get('content-security-policy')?.split('; ')).toEqual(
      expect.arrayContaining([
        ...["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"],
        `form-action 'self' ${servers.app}`,
      ]),
    );
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toBeNull();
  });
});

describeWithSlapd('the duration of a sign-in in examples/sign-in', () => {
  test('is alike for known names, unknown names, malformed fields, throttling and outages', async () => {
    const minFailureMs = 200;
    const timed = await startSignInServers(['alice', 'bob'], { minFailureMs, attemptsPerPerson: 1 });
    const measure = async (fields: Fields) => {
      const form = await createSignInBrowser(timed).openForm();
      const startedAt = performance.now();
      const { status } = await form.submit(fields);
      return [status, performance.now() - startedAt] as const;
    };
    const failures = [
      await measure({ name: 'alice', password: 'guess' }),
      await measure({ name: 'mallory', password: 'guess' }),
      await measure({ name: 'alice' }),
      await measure({ name: 'alice', password: 'guess' }),
    ];
    await timed.slapd.kill();
    failures.push(await measure({ name: 'bob', password: 'guess' }));
    await timed.close();

    expect(failures.map(([status]) => status)).toEqual([403, 403, 403, 429, 503]);
    // Timers can end one millisecond early.
    for (const [, duration] of failures) expect(duration).toBeGreaterThanOrEqual(minFailureMs - 1);
  });
});

describeWithSlapd('cookies of examples/sign-in', () => {
  test.each(['http', 'https'])('are hidden from scripts and other sites with %s', async (scheme) => {
    const port = await findFreePort();
    const running = await startSignInServers(['alice'], { issuer: `${scheme}://127.0.0.1:${port}` });
    const query = `client_id=documents&response_type=code&code_challenge=${'x'.repeat(43)}`;
    const { headers } = await fetch(`http://127.0.0.1:${port}/auth?${query}&code_challenge_method=S256`, {
      redirect: 'manual',
      headers: { 'x-forwarded-proto': scheme },
    });
    await running.close();
    const isSecure = scheme === 'https';
    const cookies = headers.getSetCookie();

    expect(cookies.map((cookie) => cookie.split('=', 1)[0])).toContain('_interaction');
    for (const cookie of cookies) {
      expect(cookie).toMatch(/; samesite=lax/i);
      expect(cookie).toMatch(/; httponly/i);
      expect(/; secure/i.test(cookie)).toBe(isSecure);
    }
    expect(headers.get('strict-transport-security')).toBe(isSecure ? 'max-age=31536000' : null);
  });
});

/** Date as in `pwdAccountLockedTime` (RFC 4517 §3.3.13). */
function generalizedTime(date: Date): string {
  return date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
}
