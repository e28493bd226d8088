import * as openid from 'openid-client';
import {
  type ClientSettings,
  membersOf,
  type OAuthClient,
  type ReceivedTokens,
  SCOPE,
} from './oauth-client.js';

/** Version 6 of openid-client. */
export const openidClient6Client: OAuthClient = {
  name: 'openid-client 6',
  members: async () => membersOf(openid),
  calls: {
    discovery: async (settings) => (await configure(settings)).serverMetadata().token_endpoint ?? '',
    clientCredentials: async (settings) => readTokens(await obtain(await configure(settings))),
    async refresh(settings) {
      const configuration = await configure(settings);
      const { refreshToken } = readTokens(await obtain(configuration));
      return readTokens(await openid.refreshTokenGrant(configuration, refreshToken));
    },
    async revocation(settings) {
      const configuration = await configure(settings);
      const tokens = readTokens(await obtain(configuration));
      await openid.tokenRevocation(configuration, tokens.accessToken);
      return tokens;
    },
    async introspection(settings) {
      const configuration = await configure(settings);
      return {
        ...(await openid.tokenIntrospection(configuration, (await obtain(configuration)).access_token)),
      };
    },
  },
};

function configure({ issuer, clientId, clientSecret }: ClientSettings) {
  const authentication = openid.ClientSecretBasic(clientSecret);
  return openid.discovery(new URL(issuer), clientId, undefined, authentication, {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  });
}

function obtain(configuration: openid.Configuration) {
  return openid.clientCredentialsGrant(configuration, { scope: SCOPE.join(' ') });
}

function readTokens({ access_token, refresh_token = '' }: openid.TokenEndpointResponse): ReceivedTokens {
  return { accessToken: access_token, refreshToken: refresh_token };
}
