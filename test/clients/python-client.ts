import { runPython } from '../support/python.js';
import type { AbsentCall, ClientCalls, ClientSettings, OAuthClient } from './oauth-client.js';

type Library = 'authlib' | 'authlib (private_key_jwt)' | 'requests-oauthlib';

/**
 * A Python library, called by `test/support/programs/oauth-clients.py`.
 *
 * @param absent calls that the library does not have
 */
export function pythonClient(
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
