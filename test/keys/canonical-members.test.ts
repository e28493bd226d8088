import { describe, expect, test } from '@jest/globals';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createLegacyKey } from '../../src/keys/create-legacy-key.js';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { parseJwk } from '../../src/keys/parse-jwk.js';
import { createVerificationKeys } from '../../src/keys/verification-keys.js';
import { thrownBy } from '../support/caught.js';
import { generateRecipient, generateShared, generateSigner, type JwkPair } from '../support/key-pairs.js';
import { AUDIENCE, secretOf } from '../support/tokens.js';

/** Ways to write base64url otherwise, each of which lenient decoders take for the same bytes. */
const SPELLINGS: readonly (readonly [name: string, respell: (text: string) => string])[] = [
  ['with padding', (text) => `${text}${'='.repeat(3 - ((text.length + 3) % 4)) || '='}`],
  ['with a space inside', (text) => `${text.slice(0, 2)} ${text.slice(2)}`],
  ['with a line end', (text) => `${text}\n`],
  ['with a character outside of the alphabet', (text) => `${text}!`],
  ['in the alphabet of base64', (text) => text.replaceAll('-', '+').replaceAll('_', '/')],
  ['with trailing bits', withTrailingBits],
];

/** The last character is the next one of the alphabet where its lowest bits are unused. */
function withTrailingBits(text: string): string {
  if (text.length % 4 === 0) return text;
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) + 1);
}

function withLeadingZero(text: string): string {
  return Buffer.concat([Buffer.alloc(1), Buffer.from(text, 'base64url')]).toString('base64url');
}

const KEYS: readonly (readonly [name: string, pair: JwkPair])[] = [
  ['RSA', generateRecipient('RSA-OAEP-256')],
  ['P-256', generateRecipient('ECDH-ES', {}, 'P-256')],
  ['P-384', generateRecipient('ECDH-ES', {}, 'P-384')],
  ['X25519', generateRecipient('ECDH-ES', {}, 'X25519')],
  ['oct', sharedPair()],
];

const MEMBERS = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y', 'k'];

function sharedPair(): JwkPair {
  const jwk = generateShared('A256KW');
  return { privateJwk: jwk, publicJwk: jwk };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

describe.each(KEYS)('a JWK of %s', (_name, { privateJwk, publicJwk }) => {
  const members = MEMBERS.filter((member) => isString(privateJwk[member]));

  test.each(members)(
    'whose %s is not canonical base64url is rejected, and the value is not shown',
    (member) => {
      const text = String(privateJwk[member]);
      for (const [name, respell] of SPELLINGS) {
        const value = respell(text);
        if (value === text) continue;
        const error = thrownBy(() => parseJwk({ ...privateJwk, [member]: value }));
        expect([name, error]).toEqual([name, expect.any(TypeError)]);
        expect(String(error)).toMatch(/in base64url,? without padding|must be base64url without padding/);
        if (text.length > 20) expect(String(error)).not.toContain(text.slice(4, 20));
      }
    },
  );

  test.each(members)('whose %s is no string is rejected', (member) => {
    for (const value of [7, null, [privateJwk[member]], { text: privateJwk[member] }, Buffer.alloc(32, 7)]) {
      expect(() => parseJwk({ ...privateJwk, [member]: value })).toThrow(TypeError);
    }
  });

  test.each(members.filter((member) => Object.hasOwn(publicJwk, member)))(
    'whose %s is not canonical base64url is rejected without d',
    (member) => {
      const text = String(publicJwk[member]);
      expect(() => parseJwk({ ...publicJwk, [member]: `${text}=` })).toThrow(/base64url/);
    },
  );

  test.each(members)(
    'whose %s has a leading zero byte is rejected (RFC 7518 sections 2 and 6.3.1.1)',
    (member) => {
      const value = withLeadingZero(String(privateJwk[member]));
      expect(() => parseJwk({ ...privateJwk, [member]: value })).toThrow(/base64url|must be 32 bytes/);
    },
  );
});

// Every way in: none has a reader of its own.
describe('a key that is not canonical base64url', () => {
  const signer = generateSigner();
  const recipient = generateRecipient('ECDH-ES');
  const padded = (jwk: Jwk, member: string): Jwk => ({ ...jwk, [member]: `${jwk[member]}=` });
  const current = { secret: secretOf(1) };

  test.each<[string, () => Promise<unknown>]>([
    [
      'the current key of a ring',
      () => createKeyRing({ current: { jwk: padded(recipient.privateJwk, 'd') } }),
    ],
    [
      'a previous key of a ring',
      () => createKeyRing({ current, previous: [{ jwk: padded(recipient.privateJwk, 'y') }] }),
    ],
    [
      'a recipient',
      () => createKeyRing({ current, recipients: { [AUDIENCE]: { jwk: padded(recipient.publicJwk, 'x') } } }),
    ],
    ['a signing key', () => createSigningKey({ jwk: padded(signer.privateJwk, 'd') })],
    ['a verification key', () => createVerificationKeys({ jwk: padded(signer.publicJwk, 'x') })],
    [
      'a legacy key',
      () => createLegacyKey({ jwk: padded({ kty: 'oct', alg: 'A256GCM', k: generateShared('')['k'] }, 'k') }),
    ],
    [
      'an exported set',
      async () => {
        const { keys } = (await createKeyRing({ current })).exportAccessKeys(AUDIENCE);
        return createKeyRing({ current: { jwks: { keys: keys.map((jwk) => padded(jwk, 'k')) } } });
      },
    ],
  ])('is rejected as %s', async (_name, run) => {
    await expect(run()).rejects.toThrow(/base64url/);
  });
});
