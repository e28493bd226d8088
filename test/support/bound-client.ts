import * as DPoP from 'dpop';

/** Sends proofs of one key to a gateway, by the client library `dpop`. */
export interface BoundClient {
  /** Create a proof for a URL below the public URL of the gateway. */
  prove(method: string, path: string, token?: string): Promise<string>;
  /** Exchange an API key for a token, with a proof. */
  exchange(apiKey: string): Promise<Response>;
  /** Exchange an API key for a token that is bound to the key. */
  tokenOf(apiKey: string): Promise<string>;
  /** Send a GET request with a token and a proof. Default: a new proof for the request */
  get(path: string, token: string, proof?: string): Promise<Response>;
}

/**
 * Create a client with a new key.
 *
 * @param origin address of the gateway
 * @param publicUrl URL for which proofs are made. Default: the address
 */
export async function createBoundClient(origin: string, publicUrl = origin): Promise<BoundClient> {
  const key = await DPoP.generateKeyPair('ES256');
  const prove = (method: string, path: string, token?: string) =>
    DPoP.generateProof(key, publicUrl + path, method, undefined, token);
  const exchange = async (apiKey: string) =>
    fetch(`${origin}/oauth/token`, {
      method: 'POST',
      headers: { 'X-API-Key': apiKey, DPoP: await prove('POST', '/oauth/token') },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });

  return {
    prove,
    exchange,
    tokenOf: async (apiKey) => JSON.parse(await (await exchange(apiKey)).text()).access_token,
    get: async (path, token, proof) =>
      fetch(origin + path, {
        headers: { Authorization: `DPoP ${token}`, DPoP: proof ?? (await prove('GET', path, token)) },
      }),
  };
}
