import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BoundClient, DPOP_LIBRARIES } from './dpop-clients.js';
import { startTokenServerWithDpop, type TokenServer } from './start-token-server.js';

const SERVERS = [
  { server: 'a server without nonces', nonce: false },
  { server: 'a server with nonces', nonce: true },
];

describe.each(SERVERS)('DPoP at $server', ({ nonce }) => {
  let server: TokenServer;

  beforeAll(async () => {
    server = await startTokenServerWithDpop({ nonce });
  });

  afterAll(() => server.close());

  describe.each(DPOP_LIBRARIES)('$name', ({ connect }) => {
    let client: BoundClient;

    beforeAll(async () => {
      client = await connect(server.settings);
    });

    test('obtains a token with the token_type DPoP (RFC 9449 §5)', async () => {
      expect((await client.obtain())?.toLowerCase()).toBe('dpop');
    });

    test('calls the API with the token and new proofs (RFC 9449 §7)', async () => {
      const statuses = [
        await client.call('GET', '/guarded'),
        await client.call('GET', '/guarded?page=2'),
        await client.call('POST', '/guarded'),
      ];

      expect(statuses).toEqual([200, 200, 200]);
    });

    test('refreshes its tokens, and calls the API with the new one', async () => {
      await client.refresh();

      expect(await client.call('GET', '/guarded')).toBe(200);
    });
  });
});
