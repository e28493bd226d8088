import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWithPythonClients } from '../support/python.js';
import { axiosOAuthClient } from './axios-oauth-client.js';
import { badgatewayClient } from './badgateway-client.js';
import { clientOAuth2Client } from './client-oauth2-client.js';
import { curlClient } from './curl-client.js';
import {
  type AbsentCall,
  type ClientCalls,
  NO_DISCOVERY,
  NO_INTROSPECTION,
  NO_REVOCATION,
  type OAuthClient,
  type ReceivedTokens,
} from './oauth-client.js';
import { oauth4webapiClient } from './oauth4webapi-client.js';
import { openidClient5Client } from './openid-client-5-client.js';
import { openidClient6Client } from './openid-client-6-client.js';
import { pythonClient } from './python-client.js';
import { simpleOAuth2Client } from './simple-oauth2-client.js';
import { startTokenServer, type TokenServer } from './start-token-server.js';

const CLIENTS: readonly OAuthClient[] = [
  simpleOAuth2Client('strict'),
  simpleOAuth2Client('loose'),
  clientOAuth2Client,
  openidClient5Client,
  openidClient6Client,
  oauth4webapiClient,
  badgatewayClient('client_secret_basic'),
  badgatewayClient('client_secret_basic_interop'),
  axiosOAuthClient,
  curlClient,
];

const PYTHON_CLIENTS: readonly OAuthClient[] = [
  pythonClient('authlib'),
  pythonClient('requests-oauthlib', {
    discovery: NO_DISCOVERY,
    revocation: NO_REVOCATION,
    introspection: NO_INTROSPECTION,
  }),
];

let server: TokenServer;

beforeAll(async () => {
  server = await startTokenServer();
});

afterAll(() => server.close());

async function expectLive({ accessToken, refreshToken }: ReceivedTokens): Promise<void> {
  expect(refreshToken).not.toBe('');
  expect(await server.use(accessToken)).toBe(200);
}

/** One column of the matrix: the name of its tests, and the assertion. */
const COLUMNS: {
  readonly [Call in keyof ClientCalls]: readonly [string, (call: ClientCalls[Call]) => Promise<void>];
} = {
  discovery: [
    'discovers the endpoints (RFC 8414)',
    async (discover) => expect(await discover(server.settings)).toBe(server.settings.token),
  ],
  clientCredentials: [
    'obtains an access token and a refresh token by client credentials (RFC 6749 §4.4)',
    async (obtain) => expectLive(await obtain(server.settings)),
  ],
  refresh: [
    'refreshes its tokens (RFC 6749 §6)',
    async (refresh) => expectLive(await refresh(server.settings)),
  ],
  revocation: [
    'revokes its access token (RFC 7009)',
    async (revoke) => expect(await server.use((await revoke(server.settings)).accessToken)).toBe(401),
  ],
  introspection: [
    'introspects its access token (RFC 7662)',
    async (introspect) =>
      expect(await introspect(server.settings)).toMatchObject({ active: true, scope: 'read' }),
  ],
};

/** Define the test of one cell: the call succeeds, or the library has no such call. */
function defineTest<Call extends keyof ClientCalls>(client: OAuthClient, call: Call): void {
  const [does, verify] = COLUMNS[call];
  const implementation: ClientCalls[Call] | AbsentCall = client.calls[call];
  if (typeof implementation === 'function') {
    test(does, () => verify(implementation));
  } else {
    const { reason, pattern } = implementation;
    test(`has no call for ${call}: ${reason}`, async () => {
      const members = await client.members();

      expect(members).not.toEqual([]);
      expect(members.filter((member) => pattern.test(member))).toEqual([]);
    });
  }
}

function defineTests(client: OAuthClient): void {
  defineTest(client, 'discovery');
  defineTest(client, 'clientCredentials');
  defineTest(client, 'refresh');
  defineTest(client, 'revocation');
  defineTest(client, 'introspection');
}

describe.each(CLIENTS)('$name', defineTests);

for (const client of PYTHON_CLIENTS) describeWithPythonClients(client.name, () => defineTests(client));

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
