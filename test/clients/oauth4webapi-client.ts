import * as oauth from 'oauth4webapi';
import { importPrivateKey } from './import-private-key.js';
import {
  type ClientSettings,
  membersOf,
  type OAuthClient,
  type ReceivedTokens,
  SCOPE,
} from './oauth-client.js';

const OPTIONS = { [oauth.allowInsecureRequests]: true };

type Method = 'client_secret_post' | 'private_key_jwt';

/** oauth4webapi, whose functions the application combines. */
export function oauth4webapiClient(method: Method): OAuthClient {
  const connect = (settings: ClientSettings) => configure(settings, method);
  return {
    name: `oauth4webapi (${method})`,
    members: async () => membersOf(oauth),
    calls: {
      discovery: async (settings) => (await discover(settings)).token_endpoint ?? '',
      clientCredentials: async (settings) => readTokens(await obtain(await connect(settings))),
      async refresh(settings) {
        const parts = await connect(settings);
        const [server, client, authentication] = parts;
        const { refreshToken } = readTokens(await obtain(parts));
        return readTokens(
          await oauth.processRefreshTokenResponse(
            server,
            client,
            await oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, OPTIONS),
          ),
        );
      },
      async revocation(settings) {
        const parts = await connect(settings);
        const tokens = readTokens(await obtain(parts));
        await oauth.processRevocationResponse(
          await oauth.revocationRequest(...parts, tokens.accessToken, OPTIONS),
        );
        return tokens;
      },
      async introspection(settings) {
        const parts = await connect(settings);
        const [server, client] = parts;
        const { accessToken } = readTokens(await obtain(parts));
        const response = await oauth.introspectionRequest(...parts, accessToken, OPTIONS);
        return { ...(await oauth.processIntrospectionResponse(server, client, response)) };
      },
    },
  };
}

type Parts = readonly [oauth.AuthorizationServer, oauth.Client, oauth.ClientAuth];

async function configure(settings: ClientSettings, method: Method): Promise<Parts> {
  const { clientSecret, privateJwk } = settings;
  const authentication =
    method === 'client_secret_post'
      ? oauth.ClientSecretPost(clientSecret)
      : oauth.PrivateKeyJwt(await importPrivateKey(privateJwk));
  return [await discover(settings), { client_id: settings.clientId }, authentication];
}

async function discover(settings: ClientSettings) {
  const issuer = new URL(settings.issuer);
  const response = await oauth.discoveryRequest(issuer, { ...OPTIONS, algorithm: 'oauth2' });
  return oauth.processDiscoveryResponse(issuer, response);
}

async function obtain(parts: Parts) {
  const [server, client] = parts;
  const scope = SCOPE.join(' ');
  const response = await oauth.clientCredentialsGrantRequest(...parts, { scope }, OPTIONS);
  return oauth.processClientCredentialsResponse(server, client, response);
}

function readTokens({ access_token, refresh_token = '' }: oauth.TokenEndpointResponse): ReceivedTokens {
  return { accessToken: access_token, refreshToken: refresh_token };
}
