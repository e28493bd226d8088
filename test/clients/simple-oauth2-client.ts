import simpleOAuth2 from 'simple-oauth2';
import {
  type ClientSettings,
  membersOf,
  NO_DISCOVERY,
  NO_INTROSPECTION,
  type OAuthClient,
  type ReceivedTokens,
  SCOPE,
} from './oauth-client.js';

/** Encodings of HTTP Basic in simple-oauth2. `loose` sends the secret without form-encoding. */
type Encoding = 'strict' | 'loose';

/** simple-oauth2, which sends the credentials with HTTP Basic. */
export function simpleOAuth2Client(credentialsEncodingMode: Encoding): OAuthClient {
  const obtain = (settings: ClientSettings) =>
    configure(settings, credentialsEncodingMode).getToken({ scope: SCOPE });
  return {
    name: `simple-oauth2 (${credentialsEncodingMode})`,
    members: async () => membersOf(simpleOAuth2),
    calls: {
      discovery: NO_DISCOVERY,
      clientCredentials: async (settings) => readTokens(await obtain(settings)),
      refresh: async (settings) => readTokens(await (await obtain(settings)).refresh()),
      async revocation(settings) {
        const tokens = await obtain(settings);
        await tokens.revokeAll();
        return readTokens(tokens);
      },
      introspection: NO_INTROSPECTION,
    },
  };
}

function configure(settings: ClientSettings, credentialsEncodingMode: Encoding) {
  return new simpleOAuth2.ClientCredentials({
    client: { id: settings.clientId, secret: settings.clientSecret },
    auth: {
      tokenHost: settings.issuer,
      tokenPath: new URL(settings.token).pathname,
      revokePath: new URL(settings.revocation).pathname,
    },
    options: { credentialsEncodingMode },
  });
}

function readTokens({ token }: simpleOAuth2.AccessToken): ReceivedTokens {
  return { accessToken: String(token['access_token']), refreshToken: String(token['refresh_token'] ?? '') };
}
