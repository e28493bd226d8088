import { OAuth2Client, type OAuth2Token } from '@badgateway/oauth2-client';
import {
  type ClientSettings,
  membersOf,
  type OAuthClient,
  type ReceivedTokens,
  SCOPE,
} from './oauth-client.js';

/** `client_secret_basic_interop` sends the secret without form-encoding, `client_secret_basic` encodes all of it. */
type Method = 'client_secret_basic' | 'client_secret_basic_interop';

/** @badgateway/oauth2-client, which discovers the endpoints before the first call. */
export function badgatewayClient(authenticationMethod: Method): OAuthClient {
  const configure = ({ issuer: server, clientId, clientSecret }: ClientSettings) =>
    new OAuth2Client({ server, clientId, clientSecret, authenticationMethod });
  const obtain = (client: OAuth2Client) => client.clientCredentials({ scope: [...SCOPE] });
  return {
    name: `@badgateway/oauth2-client (${authenticationMethod})`,
    members: async () => membersOf({ OAuth2Client }),
    calls: {
      discovery: (settings) => configure(settings).getEndpoint('tokenEndpoint'),
      clientCredentials: async (settings) => readTokens(await obtain(configure(settings))),
      async refresh(settings) {
        const client = configure(settings);
        return readTokens(await client.refreshToken(await obtain(client)));
      },
      async revocation(settings) {
        const client = configure(settings);
        const tokens = await obtain(client);
        await client.revoke(tokens);
        return readTokens(tokens);
      },
      async introspection(settings) {
        const client = configure(settings);
        return { ...(await client.introspect(await obtain(client))) };
      },
    },
  };
}

function readTokens({ accessToken, refreshToken }: OAuth2Token): ReceivedTokens {
  return { accessToken, refreshToken: refreshToken ?? '' };
}
