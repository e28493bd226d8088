import { afterAll, beforeAll } from '@jest/globals';
import { describeWithPythonClients } from '../support/python.js';
import { defineTests } from './define-tests.js';
import { PYTHON_CLIENTS, PYTHON_KEY_PAIR_CLIENTS } from './python-client.js';
import { startKeyPairServer, startTokenServer, type TokenServer } from './start-token-server.js';

let server: TokenServer;
let keyPairServer: TokenServer;

beforeAll(async () => {
  server = await startTokenServer();
  keyPairServer = await startKeyPairServer();
});

afterAll(() => {
  server.close();
  keyPairServer.close();
});

for (const client of PYTHON_CLIENTS) {
  describeWithPythonClients(client.name, () => defineTests(client, () => server));
}
for (const client of PYTHON_KEY_PAIR_CLIENTS) {
  describeWithPythonClients(client.name, () => defineTests(client, () => keyPairServer));
}
