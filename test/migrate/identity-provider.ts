import { startJwksServer } from '../support/jwks-server.js';
import { generateRecipient, generateSigner } from '../support/key-pairs.js';
import { forgeNested, signText } from '../support/signed-tokens.js';

/** An identity provider that signs access tokens. With a key of the API, it also encrypts them. */
export interface IdentityProvider {
  /** Its `iss`, which ends with a slash. */
  readonly issuer: string;
  /** The private key of the API, as a JWK. */
  readonly apiKey: string;
  sign(claims: object): string;
  encrypt(claims: object): Promise<string>;
  stop(): Promise<void>;
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const signer = generateSigner('RS256');
  const recipient = generateRecipient('RSA-OAEP-256');
  const server = await startJwksServer();
  const issuer = new URL('/', server.url).href;
  const metadata = { issuer, jwks_uri: `${issuer}.well-known/jwks.json` };
  server.answer((req, res) => {
    const isKeySet = req.url === '/.well-known/jwks.json';
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify(isKeySet ? { keys: [signer.publicJwk] } : metadata));
  });
  const { alg, kid } = signer.privateJwk;
  const signedHeader = JSON.stringify({ alg, kid, typ: 'at+jwt' });
  return {
    issuer,
    apiKey: JSON.stringify(recipient.privateJwk),
    sign: (claims) => signText(signedHeader, JSON.stringify(claims), signer.privateJwk),
    encrypt: (claims) => forgeNested({ recipient, signer }, { payload: JSON.stringify(claims) }),
    stop: server.stop,
  };
}
