import { expect, test } from '@jest/globals';
import type { AbsentCall, ClientCalls, OAuthClient, ReceivedTokens } from './oauth-client.js';
import type { TokenServer } from './start-token-server.js';

async function expectLive(
  { use }: TokenServer,
  { accessToken, refreshToken }: ReceivedTokens,
): Promise<void> {
  expect(refreshToken).not.toBe('');
  expect(await use(accessToken)).toBe(200);
}

/** One column of the matrix: the name of its tests, and the assertion. */
const COLUMNS: {
  readonly [Call in keyof ClientCalls]: readonly [
    string,
    (call: ClientCalls[Call], server: TokenServer) => Promise<void>,
  ];
} = {
  discovery: [
    'discovers the endpoints (RFC 8414)',
    async (discover, server) => expect(await discover(server.settings)).toBe(server.settings.token),
  ],
  clientCredentials: [
    'obtains an access token and a refresh token by client credentials (RFC 6749 §4.4)',
    async (obtain, server) => expectLive(server, await obtain(server.settings)),
  ],
  refresh: [
    'refreshes its tokens (RFC 6749 §6)',
    async (refresh, server) => expectLive(server, await refresh(server.settings)),
  ],
  revocation: [
    'revokes its access token (RFC 7009)',
    async (revoke, server) => expect(await server.use((await revoke(server.settings)).accessToken)).toBe(401),
  ],
  introspection: [
    'introspects its access token (RFC 7662)',
    async (introspect, server) =>
      expect(await introspect(server.settings)).toMatchObject({ active: true, scope: 'read' }),
  ],
};

/** Define the test of one cell: the call succeeds, or the library has no such call. */
function defineTest<Call extends keyof ClientCalls>(
  { calls, members }: OAuthClient,
  call: Call,
  findServer: () => TokenServer,
): void {
  const [does, verify] = COLUMNS[call];
  const implementation: ClientCalls[Call] | AbsentCall = calls[call];
  if (typeof implementation === 'function') {
    test(does, () => verify(implementation, findServer()));
  } else {
    const { reason, pattern } = implementation;
    test(`has no call for ${call}: ${reason}`, async () => {
      const names = await members();

      expect(names).not.toEqual([]);
      expect(names.filter((member) => pattern.test(member))).toEqual([]);
    });
  }
}

/**
 * Define the tests of one row of the matrix, one for each call.
 *
 * @param findServer returns the server, after `beforeAll` has started it
 */
export function defineTests(client: OAuthClient, findServer: () => TokenServer): void {
  defineTest(client, 'discovery', findServer);
  defineTest(client, 'clientCredentials', findServer);
  defineTest(client, 'refresh', findServer);
  defineTest(client, 'revocation', findServer);
  defineTest(client, 'introspection', findServer);
}
