import { type Context, errors, type ResourceServer } from 'oidc-provider';
import type { Keys } from '../keys.js';
import { SCOPES, scopesOf } from '../people.js';
import type { DirectorySettings, ServerSettings } from '../settings.js';
import type { PersonAccount } from './accounts.js';

/** How long the API accepts the tokens of a person who has been disabled. */
export const ACCESS_TOKEN_SECONDS = 5 * 60;

/** Create the function that describes the API to oidc-provider: its scopes, and the encryption of its access tokens. */
export function createDescribeApi(
  { api, staffGroup }: ServerSettings & DirectorySettings,
  { publicKey, kid }: Keys['api'],
) {
  return ({ oidc }: Context<PersonAccount>, resource: string): ResourceServer => {
    if (resource !== api) throw new errors.InvalidTarget();
    // The groups of a person can change between two refreshes. Before the sign-in, the person is unknown.
    const scopes = oidc.account === undefined ? SCOPES : scopesOf(oidc.account.person, staffGroup);
    return {
      scope: scopes.join(' '),
      audience: api,
      accessTokenTTL: ACCESS_TOKEN_SECONDS,
      accessTokenFormat: 'jwt',
      jwt: {
        sign: { alg: 'ES256' },
        encrypt: { alg: 'ECDH-ES', enc: 'A256GCM', key: publicKey, kid },
      },
    };
  };
}
