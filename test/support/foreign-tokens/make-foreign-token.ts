import { bareJwk } from './bare-jwk.js';
import type { ForeignTokenRequest, TokenMaker } from './foreign-token-request.js';
import { joseMaker } from './jose-maker.js';
import { jwcryptoMaker } from './jwcrypto-maker.js';
import { nodeJoseMaker } from './node-jose-maker.js';

const MAKERS: Readonly<Record<ForeignTokenRequest['by'], TokenMaker>> = {
  jose: joseMaker,
  'node-jose': nodeJoseMaker,
  jwcrypto: jwcryptoMaker,
};

/**
 * Make a token as an issuer of another stack does, without any code of this package. The protected headers contain
 * what the request says, `alg`, `enc`, and what the algorithm adds (`epk`, `iv`, `tag`).
 *
 * | | `jose` | `node-jose` | `jwcrypto` |
 * |---|---|---|---|
 * | `dir`, `A128KW`, `A192KW`, `A256KW`, `A128GCMKW`, `A192GCMKW`, `A256GCMKW` | yes | yes | yes |
 * | `ECDH-ES` and `ECDH-ES+A128KW` to `+A256KW` with `P-256`, `P-384`, `P-521` | yes | yes | yes |
 * | the same with `X25519` | yes | no | yes |
 * | `RSA-OAEP`, `RSA-OAEP-256` | yes | yes | yes |
 * | `RSA-OAEP-384`, `RSA-OAEP-512` | yes | no | no |
 * | `RSA1_5` | no | yes | no |
 * | `A128GCM`, `A192GCM`, `A256GCM`, `A128CBC-HS256`, `A192CBC-HS384`, `A256CBC-HS512` | yes | yes | yes |
 * | JWS: `HS*`, `RS*`, `PS*`, `ES256`, `ES384`, `ES512` | yes | yes | yes |
 * | JWS: `EdDSA` with `Ed25519` | yes | no | yes |
 * | `zip: 'DEF'` | yes | yes | yes |
 *
 * `jwcrypto` needs python3-jwcrypto (`describeWithJwcrypto`).
 *
 * @returns the token in compact serialization.
 * @throws Error (as rejection) of the library if it does not support an algorithm.
 */
export async function makeForeignToken(request: ForeignTokenRequest): Promise<string> {
  const { encrypt, sign } = MAKERS[request.by];
  const { header, encryptionKey, alg, enc, inner } = request;
  const plaintext =
    inner === undefined
      ? JSON.stringify(request.claims)
      : await sign(
          JSON.stringify(inner.claims),
          { ...inner.header, alg: inner.alg },
          bareJwk(inner.signingKey),
        );
  return encrypt(plaintext, { ...header, alg, enc }, bareJwk(encryptionKey));
}
