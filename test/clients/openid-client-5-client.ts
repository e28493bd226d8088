import { Issuer, type TokenSet } from 'openid-client-5';
import {
  type ClientSettings,
  membersOf,
  type OAuthClient,
  type ReceivedTokens,
  SCOPE,
} from './oauth-client.js';

type Method = 'client_secret_basic' | 'private_key_jwt';

/** Version 5 of openid-client, which discovers the endpoints before each call. */
export function openidClient5Client(method: Method): OAuthClient {
  const connect = (settings: ClientSettings) => configure(settings, method);
  return {
    name: `openid-client 5 (${method})`,
    members: async () => membersOf({ Issuer }),
    calls: {
      discovery: async ({ metadata }) => (await Issuer.discover(metadata)).metadata.token_endpoint ?? '',
      clientCredentials: async (settings) => readTokens(await obtain(await connect(settings))),
      async refresh(settings) {
        const client = await connect(settings);
        return readTokens(await client.refresh(await obtain(client)));
      },
      async revocation(settings) {
        const client = await connect(settings);
        const tokens = readTokens(await obtain(client));
        await client.revoke(tokens.accessToken, 'access_token');
        return tokens;
      },
      async introspection(settings) {
        const client = await connect(settings);
        return client.introspect(readTokens(await obtain(client)).accessToken, 'access_token');
      },
    },
  };
}

async function configure({ metadata, clientId, clientSecret, privateJwk }: ClientSettings, method: Method) {
  const issuer = await Issuer.discover(metadata);
  const common = { client_id: clientId, token_endpoint_auth_method: method };
  if (method === 'client_secret_basic') return new issuer.Client({ ...common, client_secret: clientSecret });
  return new issuer.Client(
    { ...common, token_endpoint_auth_signing_alg: 'ES256' },
    { keys: [{ ...privateJwk }] },
  );
}

function obtain(client: Awaited<ReturnType<typeof configure>>) {
  return client.grant({ grant_type: 'client_credentials', scope: SCOPE.join(' ') });
}

function readTokens({ access_token = '', refresh_token = '' }: TokenSet): ReceivedTokens {
  return { accessToken: access_token, refreshToken: refresh_token };
}
