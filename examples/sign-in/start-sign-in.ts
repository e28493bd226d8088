import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createMemoryStores, createRevocations } from 'passport-jwe';
import { ldapDirectory } from 'passport-jwe/ldap';
import { createAuthorizationServer } from './authorization-server/create-authorization-server.js';
import { CLIENT_ID, createProvider } from './authorization-server/create-provider.js';
import { createFormTokens } from './authorization-server/form-tokens.js';
import { createRecords } from './authorization-server/records.js';
import { createSignInAttempts } from './authorization-server/sign-in-attempts.js';
import type { SignInEvent } from './authorization-server/sign-in-routes.js';
import { createSignOuts } from './authorization-server/sign-outs.js';
import { createApi } from './create-api.js';
import { createAppServer } from './create-app-server.js';
import { generateKeys } from './keys.js';
import type { DirectorySettings, ServerSettings } from './settings.js';

/** Servers that accept connections. */
export interface RunningSignIn {
  close(): Promise<void>;
}

/**
 * Start the authorization server, the API and the application, each on the port of its URL.
 *
 * @param log receives the result of each sign-in, without names and passwords
 */
export async function startSignIn(
  settings: ServerSettings & DirectorySettings,
  log: (event: SignInEvent) => void,
): Promise<RunningSignIn> {
  const { issuer, api, app, attemptsPerPerson, attemptsPerAddress, minFailureMs } = settings;
  const keys = generateKeys();
  const directory = ldapDirectory(settings.ldap);
  // The API must see the revocations of the authorization server: in production, use openRedisStores() in both.
  const stores = createMemoryStores();
  const revocations = createRevocations({ stores });
  const records = createRecords();
  const signOuts = createSignOuts({ records, revocations, issuer, clientId: CLIENT_ID });
  const attempts = createSignInAttempts({
    counters: stores.counters,
    perPerson: attemptsPerPerson,
    perAddress: attemptsPerAddress,
  });
  const provider = createProvider({ settings, keys, directory, records, signOuts });
  const formTokens = createFormTokens(keys.form);
  const signIn = { issuer, provider, directory, attempts, formTokens, minFailureMs, log };

  const handlers = [
    [issuer, createAuthorizationServer(settings, signIn)],
    [api, await createApi(settings, keys.api, revocations)],
    [app, createAppServer(settings)],
  ] as const;
  const servers: Server[] = [];
  const running = {
    async close() {
      await Promise.all(servers.map(close));
      await directory.close();
    },
  };
  try {
    for (const [url, handler] of handlers) servers.push(await listen(url, handler));
    return running;
  } catch (error) {
    await running.close();
    throw error;
  }
}

async function listen(url: string, handler: Parameters<typeof createServer>[1]): Promise<Server> {
  const { port } = new URL(url);
  const server = createServer(handler).listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
