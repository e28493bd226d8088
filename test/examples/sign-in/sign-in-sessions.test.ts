import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { callApi, createSignInBrowser, type SignInBrowser } from '../../support/sign-in-browser.js';
import {
  dnOf,
  passwordOf,
  type SignInServers,
  STAFF,
  startSignInServers,
} from '../../support/sign-in-servers.js';
import { change, describeWithSlapd } from '../../support/slapd.js';

let servers: SignInServers;

describeWithSlapd('sessions of examples/sign-in', () => {
  beforeAll(async () => {
    const others = ['bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'];
    servers = await startSignInServers(['alice', ...others]);
  });

  afterAll(() => servers.close());

  const signIn = async (name: string) => {
    const browser = createSignInBrowser(servers);
    return { browser, ...(await browser.signIn(name, passwordOf(name))) };
  };
  const useProfile = (token: string) => callApi(servers, '/profile', token);
  const setLock = (name: string, value: string) =>
    servers.slapd.modify(
      change(
        dnOf(name),
        'changetype: modify',
        'replace: pwdAccountLockedTime',
        `pwdAccountLockedTime: ${value}`,
      ),
    );
  /** A cut-off also covers tokens of the same second. */
  const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));
  const isSignedIn = async (browser: SignInBrowser) => !(await browser.openForm()).url.includes('/sign-in/');

  test('the API opens the encrypted access token, and the groups determine the scope', async () => {
    const [alice, bob] = [await signIn('alice'), await signIn('bob')];
    const [header = ''] = alice.accessToken.split('.');

    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({
      ...{ alg: 'ECDH-ES', enc: 'A256GCM', kid: 'api-1', cty: 'at+jwt' },
      ...{ iss: servers.issuer, aud: servers.api },
    });
    expect([alice.scope, bob.scope]).toEqual(['read:profile read:documents', 'read:profile']);
    expect(await callApi(servers, '/documents', alice.accessToken)).toBe(200);
    expect(await callApi(servers, '/documents', bob.accessToken)).toBe(403);
  });

  test('a refresh replaces both tokens, and a second use of a refresh token ends the session', async () => {
    const first = await signIn('carol');
    const second = await first.browser.refresh(first.refreshToken);
    const reuse = await first.browser.refresh(first.refreshToken);

    expect(await useProfile(second.accessToken)).toBe(200);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect([reuse.status, reuse.error]).toEqual([400, 'invalid_grant']);
    expect((await first.browser.refresh(second.refreshToken)).error).toBe('invalid_grant');
  });

  test('of several requests with one refresh token, one succeeds', async () => {
    const { browser, refreshToken } = await signIn('carol');
    const responses = await Promise.all([1, 2, 3, 4].map(() => browser.refresh(refreshToken)));

    expect(responses.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
  });

  test('a refresh reads the groups again', async () => {
    const { browser, refreshToken } = await signIn('alice');
    const member = (action: 'add' | 'delete') =>
      servers.slapd.modify(
        change(STAFF, 'changetype: modify', `${action}: member`, `member: ${dnOf('alice')}`),
      );
    // A group has at least one member.
    await servers.slapd.modify(change(STAFF, 'changetype: modify', 'add: member', `member: ${dnOf('judy')}`));
    await member('delete');
    const removed = await browser.refresh(refreshToken);
    await member('add');
    const added = await browser.refresh(removed.refreshToken);

    expect([removed.scope, added.scope]).toEqual(['read:profile', 'read:profile read:documents']);
    expect(await callApi(servers, '/documents', removed.accessToken)).toBe(403);
  });

  test('a person who is disabled loses all sessions with the next refresh', async () => {
    const [here, elsewhere] = [await signIn('dave'), await signIn('dave')];
    await setLock('dave', '000001010000Z');
    const refreshed = await here.browser.refresh(here.refreshToken);
    await servers.slapd.modify(change(dnOf('dave'), 'changetype: modify', 'delete: pwdAccountLockedTime'));

    expect([refreshed.status, refreshed.error]).toEqual([400, 'invalid_grant']);
    expect(await useProfile(here.accessToken)).toBe(401);
    expect(await useProfile(elsewhere.accessToken)).toBe(401);
    expect((await elsewhere.browser.refresh(elsewhere.refreshToken)).error).toBe('invalid_grant');
    expect(await isSignedIn(elsewhere.browser)).toBe(false);
  });

  test('a person who is locked cannot refresh, but the session stays', async () => {
    const { browser, refreshToken } = await signIn('erin');
    await setLock('erin', '20200101000000Z');
    const locked = await browser.refresh(refreshToken);
    await servers.slapd.modify(change(dnOf('erin'), 'changetype: modify', 'delete: pwdAccountLockedTime'));

    expect([locked.status, locked.error]).toEqual([400, 'invalid_grant']);
    expect((await browser.refresh(refreshToken)).status).toBe(200);
  });

  test('a person who is not active has to enter the password again', async () => {
    const { browser } = await signIn('frank');
    expect(await isSignedIn(browser)).toBe(true);
    await setLock('frank', '20200101000000Z');
    const { headers } = await browser.openForm();

    expect(new URL(headers.get('location') ?? '').searchParams.get('error')).toBe('access_denied');
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('signs out here, but not elsewhere', async () => {
    const [here, elsewhere] = [await signIn('grace'), await signIn('grace')];
    const response = await here.browser.signOut('here');

    expect(response.headers.get('location')).toBe(`${servers.app}/`);
    expect(await useProfile(here.accessToken)).toBe(401);
    expect((await here.browser.refresh(here.refreshToken)).error).toBe('invalid_grant');
    expect(await isSignedIn(here.browser)).toBe(false);
    expect(await useProfile(elsewhere.accessToken)).toBe(200);
    expect((await elsewhere.browser.refresh(elsewhere.refreshToken)).status).toBe(200);
  });

  test('signs out everywhere, and the person can sign in again', async () => {
    const [here, elsewhere] = [await signIn('heidi'), await signIn('heidi')];
    await here.browser.signOut('everywhere');

    for (const { browser, accessToken, refreshToken } of [here, elsewhere]) {
      expect(await useProfile(accessToken)).toBe(401);
      expect((await browser.refresh(refreshToken)).error).toBe('invalid_grant');
      expect(await isSignedIn(browser)).toBe(false);
    }
    await nextSecond();
    expect(await useProfile((await signIn('heidi')).accessToken)).toBe(200);
  });

  test('a sign-out everywhere ends sign-ins that the browser has not continued', async () => {
    const [here, parked] = [await signIn('heidi'), createSignInBrowser(servers)];
    const form = await parked.openForm();
    const { headers } = await form.submit({ name: 'heidi', password: passwordOf('heidi') });
    await here.browser.signOut('everywhere');
    const continued = await parked.get(headers.get('location') ?? '');

    expect([continued.status, continued.headers.get('location')]).toEqual([400, null]);
    expect(await isSignedIn(parked)).toBe(false);
    await nextSecond();
  });

  test('a sign-out everywhere ends sign-ins whose password check takes longer', async () => {
    const [here, checking] = [await signIn('heidi'), createSignInBrowser(servers)];
    const form = await checking.openForm();
    servers.slapd.signal('SIGSTOP');
    const submitted = form.submit({ name: 'heidi', password: passwordOf('heidi') });
    await here.browser.signOut('everywhere');
    await nextSecond();
    servers.slapd.signal('SIGCONT');
    const { status, headers } = await submitted;
    const continued = await checking.get(headers.get('location') ?? '');

    expect([status, continued.status]).toEqual([303, 400]);
    expect(await isSignedIn(checking)).toBe(false);
  });

  test('token requests that began before a sign-out everywhere return no tokens', async () => {
    const [here, refreshing, redeeming] = [
      await signIn('ivan'),
      await signIn('ivan'),
      createSignInBrowser(servers),
    ];
    const code = await redeeming.authorize('ivan', passwordOf('ivan'));
    servers.slapd.signal('SIGSTOP');
    // They wait for the directory, after the check of the refresh token and of the code.
    const requests = [refreshing.browser.refresh(refreshing.refreshToken), redeeming.redeem(code)];
    await here.browser.signOut('everywhere');
    await nextSecond();
    servers.slapd.signal('SIGCONT');
    const responses = await Promise.all(requests);

    expect(responses.map(({ error, accessToken }) => [error, accessToken])).toEqual([
      ['invalid_grant', undefined],
      ['invalid_grant', undefined],
    ]);
  });

  test('rejects a sign-out without the token of the form', async () => {
    const { browser, accessToken } = await signIn('judy');
    const { status } = await browser.post('/session/end/confirm', { logout: 'everywhere' });

    expect(status).toBe(400);
    expect(await useProfile(accessToken)).toBe(200);
  });

  test('an outage of the directory is a 503, and the refresh token remains valid', async () => {
    const { browser, accessToken, refreshToken } = await signIn('judy');
    await servers.slapd.kill();
    const form = await createSignInBrowser(servers).openForm();
    const page = await form.submit({ name: 'judy', password: passwordOf('judy') });
    const refreshed = await browser.refresh(refreshToken);
    await servers.slapd.start();

    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
    expect(page.text).toContain('Sign-in is unavailable at the moment');
    expect([refreshed.status, refreshed.error]).toEqual([503, 'temporarily_unavailable']);
    expect(await useProfile(accessToken)).toBe(200);
    expect((await browser.refresh(refreshToken)).status).toBe(200);
    expect(servers.log()).toContain('"kind":"unavailable"');
  });
});
