import ClientOAuth2 from 'client-oauth2';
import {
  type ClientSettings,
  membersOf,
  NO_DISCOVERY,
  NO_INTROSPECTION,
  NO_REVOCATION,
  type OAuthClient,
  type ReceivedTokens,
  SCOPE,
} from './oauth-client.js';

/** client-oauth2, which sends HTTP Basic without form-encoding. */
export const clientOAuth2Client: OAuthClient = {
  name: 'client-oauth2',
  members: async () => membersOf(ClientOAuth2, ClientOAuth2.prototype),
  calls: {
    discovery: NO_DISCOVERY,
    clientCredentials: async (settings) => readTokens(await obtain(settings)),
    refresh: async (settings) => readTokens(await (await obtain(settings)).refresh()),
    revocation: NO_REVOCATION,
    introspection: NO_INTROSPECTION,
  },
};

function obtain({ clientId, clientSecret, token }: ClientSettings) {
  return new ClientOAuth2({
    clientId,
    clientSecret,
    accessTokenUri: token,
    scopes: SCOPE,
  }).credentials.getToken();
}

function readTokens({ accessToken, refreshToken }: ClientOAuth2.Token): ReceivedTokens {
  return { accessToken, refreshToken };
}
