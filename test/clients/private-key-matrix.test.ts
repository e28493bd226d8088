import { afterAll, beforeAll, describe } from '@jest/globals';
import { defineTests } from './define-tests.js';
import { oauth4webapiClient } from './oauth4webapi-client.js';
import { openidClient5Client } from './openid-client-5-client.js';
import { openidClient6Client } from './openid-client-6-client.js';
import { startKeyPairServer, type TokenServer } from './start-token-server.js';

/** Clients that sign assertions for the issuer. Of the others, only Authlib can sign. */
const CLIENTS = [
  openidClient5Client('private_key_jwt'),
  openidClient6Client('private_key_jwt'),
  oauth4webapiClient('private_key_jwt'),
];

let server: TokenServer;

beforeAll(async () => {
  server = await startKeyPairServer();
});

afterAll(() => server.close());

for (const client of CLIENTS) describe(client.name, () => defineTests(client, () => server));
