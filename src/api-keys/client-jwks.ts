import * as v from 'valibot';
import { isJsonObject } from '../base/json.js';
import { readX5cThumbprint } from '../keys/certificates/read-x5c.js';
import type { Jwk } from '../keys/jwk.js';
import { parseVerificationKey, type VerificationKey } from '../keys/signature-key.js';
import { mapping } from './mapping.js';
import { orMissing } from './or-missing.js';

/** Maximum number of keys. A rotation needs two. */
const MAX_KEYS = 16;

const MESSAGE = 'must be a list of public JWKs';

/** Members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const PRIVATE =
  'must be a public JWK: remove d and the other private members, and replace the key, because this file has disclosed it';

/** Public key of a client, and the thumbprint of its certificate in `x5c`. */
export interface ClientJwk {
  readonly key: VerificationKey;
  readonly thumbprint: string | undefined;
}

/** Schema for one public JWK. Private, symmetric, weak and malformed keys are errors. No message quotes a value. */
const clientJwk = v.pipe(
  v.custom<Jwk>(isJsonObject, 'must be a JWK: a mapping with kty, kid and alg'),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): ClientJwk => {
    if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(value, member))) {
      addIssue({ message: PRIVATE });
      return NEVER;
    }
    try {
      const key = parseVerificationKey(readNumbers(value));
      return { key, thumbprint: readX5cThumbprint(value, key.publicKey) };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      addIssue({ message: error.message });
      return NEVER;
    }
  }),
);

/** Schema for the JWK Set of a client (RFC 7517 §5). */
export const clientJwks = mapping(
  {
    keys: v.pipe(
      v.array(clientJwk, orMissing(MESSAGE)),
      v.minLength(1, 'must contain at least one JWK'),
      v.maxLength(MAX_KEYS, `must have at most ${MAX_KEYS} keys: remove keys that the client no longer uses`),
      v.check(
        (keys) => new Set(keys.map(({ key }) => key.kid)).size === keys.length,
        'must not contain two keys with the same kid: remove one, or give one a different kid',
      ),
    ),
  },
  'must be a JWK Set: a mapping with a list of keys',
);

/** Convert the times of a JWK to numbers, because all scalars outside `metadata` are strings. */
function readNumbers(jwk: Jwk): Jwk {
  const times = ['nbf', 'exp'].flatMap((name) => {
    const text = jwk[name];
    return typeof text === 'string' && /^\d{1,12}$/.test(text) ? [[name, Number(text)]] : [];
  });
  return { ...jwk, ...Object.fromEntries(times) };
}
