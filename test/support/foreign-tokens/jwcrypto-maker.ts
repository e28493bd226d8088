import { runJwcrypto } from '../jwcrypto.js';
import type { TokenMaker } from './foreign-token-request.js';

/** Debian's jwcrypto 1.1, in Python. */
export const jwcryptoMaker: TokenMaker = {
  async encrypt(plaintext, header, key) {
    return runJwcrypto([{ action: 'encrypt', key, header, plaintext }])[0] ?? '';
  },
  async sign(payload, header, key) {
    return runJwcrypto([{ action: 'sign', key, header, payload }])[0] ?? '';
  },
};
