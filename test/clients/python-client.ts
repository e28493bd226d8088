import { runPython } from '../support/python.js';
import {
  type AbsentCall,
  type ClientCalls,
  type ClientSettings,
  NO_DISCOVERY,
  NO_INTROSPECTION,
  NO_REVOCATION,
  type OAuthClient,
} from './oauth-client.js';

type Library = 'authlib' | 'authlib (private_key_jwt)' | 'requests-oauthlib';

/**
 * A Python library, called by `test/support/programs/oauth-clients.py`.
 *
 * @param absent calls that the library does not have
 */
function pythonClient(
  library: Library,
  absent: Partial<Record<keyof ClientCalls, AbsentCall>> = {},
): OAuthClient {
  const run = (call: keyof ClientCalls | 'members') => (settings: Partial<ClientSettings>) =>
    runPython('oauth-clients.py', { library, call, settings });
  let members: Promise<readonly string[]> | undefined;
  return {
    name: library,
    members: () => {
      members ??= run('members')({});
      return members;
    },
    calls: {
      discovery: run('discovery'),
      clientCredentials: run('clientCredentials'),
      refresh: run('refresh'),
      revocation: run('revocation'),
      introspection: run('introspection'),
      ...absent,
    },
  };
}

/** Clients in Python that authenticate with a secret. */
export const PYTHON_CLIENTS: readonly OAuthClient[] = [
  pythonClient('authlib'),
  pythonClient('requests-oauthlib', {
    discovery: NO_DISCOVERY,
    revocation: NO_REVOCATION,
    introspection: NO_INTROSPECTION,
  }),
];

/** Authlib signs assertions for the token endpoint, so its API key has an `assertion_audience`. */
export const PYTHON_KEY_PAIR_CLIENTS: readonly OAuthClient[] = [pythonClient('authlib (private_key_jwt)')];
