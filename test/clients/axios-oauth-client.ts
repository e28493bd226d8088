import axios from 'axios';
import * as oauth from 'axios-oauth-client';
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

/** axios-oauth-client, which sends the credentials in the body. */
export const axiosOAuthClient: OAuthClient = {
  name: 'axios-oauth-client',
  members: async () => membersOf(oauth),
  calls: {
    discovery: NO_DISCOVERY,
    clientCredentials: async (settings) => readTokens(await obtain(settings)),
    async refresh(settings) {
      const { refreshToken } = readTokens(await obtain(settings));
      const { token, clientId, clientSecret } = settings;
      return readTokens(await oauth.refreshToken(axios, token, clientId, clientSecret)(refreshToken));
    },
    revocation: NO_REVOCATION,
    introspection: NO_INTROSPECTION,
  },
};

function obtain({ token, clientId, clientSecret }: ClientSettings) {
  return oauth.clientCredentials(axios, token, clientId, clientSecret)(SCOPE.join(' '));
}

function readTokens(response: Readonly<Record<string, unknown>>): ReceivedTokens {
  return {
    accessToken: String(response['access_token']),
    refreshToken: String(response['refresh_token'] ?? ''),
  };
}
