import {
  Client,
  ClientCredentialsProvider,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  PrivateKeyJwtProvider,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { createBrowser } from './browser.js';
import { type Caller, type ClientFactory, retryAfter, type ServiceCredentials } from './client.js';
import { observeFetch } from './observed-fetch.js';
import { CALLBACK, PersonMemory } from './person.js';

class Person
  extends PersonMemory<StoredOAuthTokens, StoredOAuthClientInformation, OAuthDiscoveryState>
  implements OAuthClientProvider
{
  declare readonly clientMetadataUrl?: string;
}

/** SDK 2: `@modelcontextprotocol/client`. */
export const createSdk2Client: ClientFactory = (url, caller, isModern) => {
  const { fetch, exchanges } = observeFetch();
  const provider = providerOf(caller);
  const create = () => new StreamableHTTPClientTransport(url, { authProvider: provider, fetch });
  let transport = create();
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: isModern ? 'auto' : 'legacy' } },
  );
  const browser = createBrowser(caller.kind === 'person' ? caller.user : '');

  const authorize = async (failure: unknown): Promise<boolean> => {
    if (!(failure instanceof UnauthorizedError && provider instanceof Person && provider.visited))
      return false;
    const { searchParams } = await browser.visit(provider.visited, CALLBACK);
    await transport.finishAuth(searchParams);
    return true;
  };
  return {
    exchanges,
    accessToken: async () => (await provider.tokens())?.access_token,
    sessionId: () => transport.sessionId,
    connect: () =>
      retryAfter(
        () => client.connect(transport),
        async (failure) => {
          const isAuthorized = await authorize(failure);
          transport = create();
          return isAuthorized;
        },
      ),
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, input) =>
      JSON.stringify(
        (await retryAfter(() => client.callTool({ name, arguments: input }), authorize)).content,
      ),
    close: () => client.close(),
  };
};

function providerOf(caller: Caller): OAuthClientProvider {
  if (caller.kind === 'service') return serviceProviderOf(caller.credentials);
  const { metadataUrl } = caller;
  return Object.assign(new Person(), metadataUrl === undefined ? {} : { clientMetadataUrl: metadataUrl });
}

function serviceProviderOf({ clientId, secret, privateKey, scope, issuer }: ServiceCredentials) {
  const common = { clientId, expectedIssuer: issuer, ...(scope === undefined ? {} : { scope }) };
  return privateKey === undefined
    ? new ClientCredentialsProvider({ ...common, clientSecret: secret ?? '' })
    : new PrivateKeyJwtProvider({ ...common, privateKey, algorithm: 'ES256' });
}
