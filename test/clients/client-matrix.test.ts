import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { axiosOAuthClient } from './axios-oauth-client.js';
import { badgatewayClient } from './badgateway-client.js';
import { clientOAuth2Client } from './client-oauth2-client.js';
import { curlClient } from './curl-client.js';
import { defineTests } from './define-tests.js';
import type { OAuthClient } from './oauth-client.js';
import { oauth4webapiClient } from './oauth4webapi-client.js';
import { openidClient5Client } from './openid-client-5-client.js';
import { openidClient6Client } from './openid-client-6-client.js';
import { PYTHON_CLIENTS } from './python-client.js';
import { simpleOAuth2Client } from './simple-oauth2-client.js';
import { startTokenServer, type TokenServer } from './start-token-server.js';

const CLIENTS: readonly OAuthClient[] = [
  simpleOAuth2Client('strict'),
  simpleOAuth2Client('loose'),
  clientOAuth2Client,
  openidClient5Client('client_secret_basic'),
  openidClient6Client('client_secret_basic'),
  oauth4webapiClient('client_secret_post'),
  badgatewayClient('client_secret_basic'),
  badgatewayClient('client_secret_basic_interop'),
  axiosOAuthClient,
  curlClient,
];

let server: TokenServer;

beforeAll(async () => {
  server = await startTokenServer();
});

afterAll(() => server.close());

for (const client of CLIENTS) describe(client.name, () => defineTests(client, () => server));

describe('docs/guides/issue.md', () => {
  test('lists the calls of every library', async () => {
    const page = await readFile(new URL('../../docs/guides/issue.md', import.meta.url), 'utf8');
    const rows = [...CLIENTS, ...PYTHON_CLIENTS].map(({ name, calls }) => {
      const { discovery, clientCredentials, refresh, revocation, introspection } = calls;
      const cells = [discovery, clientCredentials, refresh, revocation, introspection];
      const [library] = name.split(' (');
      return `| ${library} | ${cells.map((call) => (typeof call === 'function' ? 'yes' : 'no')).join(' | ')} |`;
    });
    const [, section = ''] = page.split('## Client libraries');
    const listed = section
      .split('\n## ', 1)
      .join('')
      .split('\n')
      .filter((line) => /\| (?:yes|no) \|/.test(line));

    expect(listed).toEqual([...new Set(rows)]);
  });
});
