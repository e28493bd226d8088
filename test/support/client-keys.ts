import type { JWTPayload } from 'jose';
import { importJWK, SignJWT } from 'jose';
import type { Jwk } from '../../src/keys/jwk.js';
import { generateEc, type JwkPair } from './key-pairs.js';
import { ISSUER, NOW } from './tokens.js';

/** Value of `client_assertion_type` (RFC 7523 §2.2). */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A key pair of a client. */
export function generateClientKey(kid: string): JwkPair {
  return generateEc('P-256', { kid, alg: 'ES256' });
}

/** An API key file without a secret; `fields` are lines of YAML. */
export function assertionFile(keyId: string, ...fields: readonly string[]): string {
  const lines = [`key_id: ${keyId}`, `name: ${keyId}`, 'type: api_call', 'rate_limits: {}', ...fields];
  return `${lines.join('\n')}\n`;
}

/** The field `jwks` with these public keys. */
export function jwksField(...keys: readonly Jwk[]): string {
  return `jwks: ${JSON.stringify({ keys })}`;
}

/** What a test changes in an assertion; a claim that is `undefined` is left out. */
export interface AssertionChanges {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
}

let serial = 0;

/** Signs an assertion with jose. Default: a valid one of the client, which expires in a minute. */
export async function signAssertion(
  keyId: string,
  { privateJwk }: JwkPair,
  { claims = {}, header = {} }: AssertionChanges = {},
): Promise<string> {
  const { kid, alg } = privateJwk;
  serial += 1;
  const defaults = { iss: keyId, sub: keyId, aud: ISSUER, jti: `jti-${serial}`, iat: NOW, exp: NOW + 60 };
  const payload: JWTPayload = JSON.parse(JSON.stringify({ ...defaults, ...claims }));
  const protectedHeader = JSON.parse(JSON.stringify({ alg, kid, ...header }));
  const key = await importJWK({ ...privateJwk }, String(alg));
  return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(key);
}
