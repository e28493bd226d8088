import { generateKeyPair, generateProof } from 'dpop';
import type { Send } from './tour-requests.js';

/**
 * Binds a token to the key of a client with DPoP (RFC 9449), and uses the token as its thief would.
 *
 * @param origin origin of the gateway.
 * @param send sends a request and prints it.
 */
export async function stealToken(origin: string, send: Send, apiKey: string): Promise<void> {
  const [clientKey, thiefKey] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')];
  const path = '/documents';
  const call = (token: string, proof: string, expected: number) =>
    send({ path, headers: { Authorization: `DPoP ${token}`, DPoP: proof } }, expected);
  const prove = (key: CryptoKeyPair, token: string) =>
    generateProof(key, origin + path, 'GET', undefined, token);

  console.log('\n  the client requests a token for its key:');
  const proof = await generateProof(clientKey, `${origin}/oauth/token`, 'POST');
  const headers = { 'X-API-Key': apiKey, DPoP: proof };
  const form = { grant_type: 'client_credentials', scope: 'read:documents' };
  const issued = await send({ method: 'POST', path: '/oauth/token', headers, form }, 200);
  const token = String(issued['access_token']);
  console.log('\n  the client proves that it has the key:');
  const captured = await prove(clientKey, token);
  console.log(`  proof            ${readClaims(captured)}`);
  await call(token, captured, 200);
  console.log('\n  a thief sends the token as a bearer token:');
  await send({ path, headers: { Authorization: `Bearer ${token}` } }, 401);
  console.log('\n  a thief sends the token with a proof of a different key:');
  await call(token, await prove(thiefKey, token), 401);
  console.log('\n  a thief sends the token with the captured proof:');
  await call(token, captured, 401);
}

function readClaims(proof: string): string {
  return Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString('utf8');
}
