/** Description of a client for people, as its metadata document contains it. */
export const CALLBACK = 'http://127.0.0.1:9/callback';

export const CLIENT_METADATA = {
  client_name: 'Notes editor',
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

/** Memory of a client for people: what `OAuthClientProvider` of both SDKs stores. */
export class PersonMemory<Tokens, Information, Discovery> {
  readonly redirectUrl = CALLBACK;
  readonly clientMetadata = CLIENT_METADATA;
  /** URL of the authorization request that the user must visit. */
  visited: URL | undefined;
  #tokens: Tokens | undefined;
  #information: Information | undefined;
  #discovery: Discovery | undefined;
  #verifier = '';

  clientInformation = (): Information | undefined => this.#information;
  saveClientInformation = (information: Information): void => {
    this.#information = information;
  };
  tokens = (): Tokens | undefined => this.#tokens;
  saveTokens = (tokens: Tokens): void => {
    this.#tokens = tokens;
  };
  discoveryState = (): Discovery | undefined => this.#discovery;
  saveDiscoveryState = (state: Discovery): void => {
    this.#discovery = state;
  };
  codeVerifier = (): string => this.#verifier;
  saveCodeVerifier = (verifier: string): void => {
    this.#verifier = verifier;
  };
  redirectToAuthorization = (url: URL): void => {
    this.visited = url;
  };
}
