import { createRequire } from 'node:module';
import type { Jwk } from '../../../src/keys/jwk.js';
import type { TokenMaker } from './foreign-token-request.js';

/** A key of node-jose. */
interface NodeJoseKey {
  readonly kty: string;
}

/** `reference: false` keeps the library from adding a `kid`. */
interface NodeJoseRecipient {
  readonly key: NodeJoseKey;
  readonly reference: false;
}

interface NodeJoseWriter {
  final(content: string, encoding: 'utf8'): Promise<string>;
}

/** The part of node-jose that makes tokens. The package has no types. */
interface NodeJose {
  readonly JWK: { asKey(jwk: Jwk): Promise<NodeJoseKey> };
  readonly JWE: {
    createEncrypt(
      options: { format: 'compact'; fields: object },
      recipient: NodeJoseRecipient,
    ): NodeJoseWriter;
  };
  readonly JWS: {
    createSign(options: { format: 'compact'; fields: object }, signer: NodeJoseRecipient): NodeJoseWriter;
  };
}

const require = createRequire(import.meta.url);

/** node-jose 2.2. Loaded at first use, since it is large. */
export const nodeJoseMaker: TokenMaker = {
  async encrypt(plaintext, header, jwk) {
    const { JWK, JWE }: NodeJose = require('node-jose');
    const recipient = { key: await JWK.asKey(jwk), reference: false } as const;
    return JWE.createEncrypt({ format: 'compact', fields: header }, recipient).final(plaintext, 'utf8');
  },
  async sign(payload, header, jwk) {
    const { JWK, JWS }: NodeJose = require('node-jose');
    const signer = { key: await JWK.asKey(jwk), reference: false } as const;
    return JWS.createSign({ format: 'compact', fields: header }, signer).final(payload, 'utf8');
  },
};
