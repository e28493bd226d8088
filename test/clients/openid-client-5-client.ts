import { Issuer, type TokenSet } from 'openid-client-5';
import {
  type ClientSettings,
  membersOf,
  type OAuthClient,
  type ReceivedTokens,
  SCOPE,
} from './oauth-client.js';

/** Version 5 of openid-client, which discovers the endpoints before each call. */
export const openidClient5Client: OAuthClient = {
  name: 'openid-client 5',
  members: async () => membersOf({ Issuer }),
  calls: {
    discovery: async ({ metadata }) => (await Issuer.discover(metadata)).metadata.token_endpoint ?? '',
    clientCredentials: async (settings) => readTokens(await obtain(await configure(settings))),
    async refresh(settings) {
      const client = await configure(settings);
      return readTokens(await client.refresh(await obtain(client)));
    },
    async revocation(settings) {
      const client = await configure(settings);
      const tokens = readTokens(await obtain(client));
      await client.revoke(tokens.accessToken, 'access_token');
      return tokens;
    },
    async introspection(settings) {
      const client = await configure(settings);
      return client.introspect(readTokens(await obtain(client)).accessToken, 'access_token');
    },
  },
};

async function configure({ metadata, clientId, clientSecret }: ClientSettings) {
  const issuer = await Issuer.discover(metadata);
  return new issuer.Client({ client_id: clientId, client_secret: clientSecret });
}

function obtain(client: Awaited<ReturnType<typeof configure>>) {
  return client.grant({ grant_type: 'client_credentials', scope: SCOPE.join(' ') });
}

function readTokens({ access_token = '', refresh_token = '' }: TokenSet): ReceivedTokens {
  return { accessToken: access_token, refreshToken: refresh_token };
}
