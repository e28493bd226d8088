import * as openid from 'openid-client';
import { importPrivateKey } from './import-private-key.js';
import {
  type ClientSettings,
  membersOf,
  type OAuthClient,
  type ReceivedTokens,
  SCOPE,
} from './oauth-client.js';

type Method = 'client_secret_basic' | 'private_key_jwt';

/** Version 6 of openid-client. */
export function openidClient6Client(method: Method): OAuthClient {
  const connect = (settings: ClientSettings) => configure(settings, method);
  return {
    name: `openid-client 6 (${method})`,
    members: async () => membersOf(openid),
    calls: {
      discovery: async (settings) => (await connect(settings)).serverMetadata().token_endpoint ?? '',
      clientCredentials: async (settings) => readTokens(await obtain(await connect(settings))),
      async refresh(settings) {
        const configuration = await connect(settings);
        const { refreshToken } = readTokens(await obtain(configuration));
        return readTokens(await openid.refreshTokenGrant(configuration, refreshToken));
      },
      async revocation(settings) {
        const configuration = await connect(settings);
        const tokens = readTokens(await obtain(configuration));
        await openid.tokenRevocation(configuration, tokens.accessToken);
        return tokens;
      },
      async introspection(settings) {
        const configuration = await connect(settings);
        const { accessToken } = readTokens(await obtain(configuration));
        return { ...(await openid.tokenIntrospection(configuration, accessToken)) };
      },
    },
  };
}

async function configure(settings: ClientSettings, method: Method) {
  const { issuer, clientId, clientSecret, privateJwk } = settings;
  const authentication =
    method === 'client_secret_basic'
      ? openid.ClientSecretBasic(clientSecret)
      : openid.PrivateKeyJwt(await importPrivateKey(privateJwk));
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
