import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Chromium, describeWithChromium, type Page, startChromium } from '../../support/chromium.js';
import { findFreePort } from '../../support/processes.js';
import { dnOf, passwordOf, type SignInServers, startSignInServers } from '../../support/sign-in-servers.js';
import { change, describeWithSlapd } from '../../support/slapd.js';

let servers: SignInServers;
let chromium: Chromium;

describeWithSlapd('with slapd', () => {
  describeWithChromium('examples/sign-in in Chromium', () => {
    beforeAll(async () => {
      [servers, chromium] = await Promise.all([
        startSignInServers(['alice', 'bob', 'carol', 'dave', 'erin']),
        startChromium(),
      ]);
    }, 120_000);

    afterAll(async () => {
      await chromium.close();
      await servers.close();
    });

    const problems: string[] = [];
    afterEach(() => {
      // Chromium reports the status of rejected sign-ins and requests. Violations of the content security policy are others.
      const others = problems.filter((text) => !/status of (400|401|403|429) /.test(text));
      problems.length = 0;
      expect(others).toEqual([]);
    });

    const openPage = async (): Promise<Page> => {
      const page = await (await chromium.newContext()).newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
      });
      page.on('pageerror', (error) => problems.push(error.message));
      return page;
    };
    const press = (page: Page, name: string) => page.getByRole('button', { name }).click();
    const enter = async (page: Page, name: string, password: string) => {
      await page.getByLabel('User name').fill(name);
      await page.getByLabel('Password').fill(password);
      await press(page, 'Sign in');
    };
    /** Waits for the focus, which Chromium sets when it renders the page. */
    const focusOn = (page: Page, id: string) => page.locator(`#${id}:focus`).waitFor();
    const openForm = async (): Promise<Page> => {
      const page = await openPage();
      await page.goto(servers.app);
      await press(page, 'Sign in');
      await page.waitForURL(/\/sign-in\//);
      return page;
    };
    const signIn = async (name: string): Promise<Page> => {
      const page = await openForm();
      await enter(page, name, passwordOf(name));
      await page.getByText('You are signed in.').waitFor();
      return page;
    };

    test('signs in after a wrong password, and calls the API with a token in memory', async () => {
      const page = await openForm();
      await focusOn(page, 'name');
      await enter(page, 'alice', 'guess');
      await page.getByRole('alert').waitFor();

      expect(await page.getByRole('alert').textContent()).toContain('The user name or password is wrong');
      await focusOn(page, 'problem');
      expect(await page.title()).toContain('Error: ');
      expect(await page.getByLabel('User name').inputValue()).toBe('alice');
      expect(await page.getByLabel('Password').inputValue()).toBe('');

      await page.getByLabel('Password').fill(passwordOf('alice'));
      await press(page, 'Sign in');
      await page.getByText('You are signed in.').waitFor();
      const profile = await page.locator('#body').textContent();
      await press(page, 'List documents');
      await page.getByText('Travel policy').waitFor();

      const kept = 'JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])';
      expect(profile).toContain('"email": "alice@example.com"');
      expect(await page.evaluate(kept)).toBe(JSON.stringify([{}, {}, '', `${servers.app}/`]));
    });

    test('refreshes, and signs in again without a password after a reload', async () => {
      const page = await signIn('alice');
      await press(page, 'Refresh token');
      await page.getByText('The tokens are new.').waitFor();
      await press(page, 'Show profile');
      await page.getByText('You are signed in.').waitFor();
      await page.reload();
      await page.getByText('You are signed out.').waitFor();
      await press(page, 'Sign in');

      await page.getByText('You are signed in.').waitFor();
    });

    test('throttles, also with the right password', async () => {
      const page = await openForm();
      for (const password of ['guess', 'guess again', passwordOf('bob')]) await enter(page, 'bob', password);
      await page.getByText('Too many attempts.').waitFor();
    });

    test('signs out on this device', async () => {
      const [here, elsewhere] = [await signIn('carol'), await signIn('carol')];
      await press(here, 'Sign out');
      await press(here, 'This device');
      await here.getByText('You are signed out.').waitFor();
      await press(here, 'Sign in');
      await here.waitForURL(/\/sign-in\//);
      await press(elsewhere, 'Refresh token');

      await elsewhere.getByText('The tokens are new.').waitFor();
    });

    test('signs out on all devices', async () => {
      const [here, elsewhere] = [await signIn('dave'), await signIn('dave')];
      await press(here, 'Sign out');
      await press(here, 'All devices');
      await here.getByText('You are signed out.').waitFor();
      // The API rejects the access token, and the application tries to refresh.
      await press(elsewhere, 'Show profile');
      await elsewhere.getByText('The token endpoint answered: invalid_grant').waitFor();
      await press(elsewhere, 'Sign in');

      await elsewhere.waitForURL(/\/sign-in\//);
    });

    test('a person who is disabled cannot refresh', async () => {
      const page = await signIn('erin');
      const disable = [
        'changetype: modify',
        'replace: pwdAccountLockedTime',
        'pwdAccountLockedTime: 000001010000Z',
      ];
      await servers.slapd.modify(change(dnOf('erin'), ...disable));
      await press(page, 'Refresh token');
      await page.getByText('The token endpoint answered: invalid_grant').waitFor();
      await press(page, 'Sign in');
      await page.waitForURL(/\/sign-in\//);
      await enter(page, 'erin', passwordOf('erin'));

      await page.getByText('The user name or password is wrong').waitFor();
    });

    test.each(['127.0.0.1', 'localhost'])('rejects the form of a page on %s', async (host) => {
      const page = await openForm();
      const action = page.url();
      const csrf = await page.evaluate<string>('document.querySelector("[name=csrf]").value');
      // The page has the token, so only the source of the request is wrong.
      await servePage(
        host,
        `<form method="post" action="${action}"><input name="csrf" value="${csrf}"><button>Win</button>
<input name="name" value="alice"><input name="password" value="${passwordOf('alice')}"></form>`,
        async (url) => {
          await page.goto(url);
          await press(page, 'Win');
          await page.getByText('It came from a different site.').waitFor();
        },
      );
    });

    test('no page can frame the sign-in page', async () => {
      const page = await openForm();
      const frame = `<iframe src="${page.url()}"></iframe>`;
      await servePage('127.0.0.1', frame, async (url) => {
        await page.goto(url);
      });

      expect(problems.splice(0).join()).toMatch(/frame-ancestors/);
    });
  });
});

/** Serve a page of another server while `run` runs. */
async function servePage(host: string, body: string, run: (url: string) => Promise<void>): Promise<void> {
  const port = await findFreePort();
  const server = createServer((_req, res) => {
    res.setHeader('Content-Type', 'text/html').end(`<!doctype html><link rel="icon" href="data:,">${body}`);
  }).listen(port, '127.0.0.1');
  try {
    await run(`http://${host}:${port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
