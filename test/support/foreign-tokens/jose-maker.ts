import { CompactEncrypt, CompactSign, importJWK } from 'jose';
import type { TokenMaker } from './foreign-token-request.js';

/** jose 6. */
export const joseMaker: TokenMaker = {
  async encrypt(plaintext, header, key) {
    return new CompactEncrypt(Buffer.from(plaintext))
      .setProtectedHeader({ ...header })
      .encrypt(await importJWK(key, header.alg));
  },
  async sign(payload, header, key) {
    return new CompactSign(Buffer.from(payload))
      .setProtectedHeader({ ...header })
      .sign(await importJWK(key, header.alg));
  },
};
