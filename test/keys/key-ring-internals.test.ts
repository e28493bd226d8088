import { describe, expect, test } from '@jest/globals';
import {
  authenticate,
  createKeyRing,
  createTokenIssuer,
  createTokenVerifier,
  generateKeySet,
  JweStrategy,
  type KeyRing,
  openKeyRing,
  tokenRouter,
} from 'passport-jwe';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { loadFiles, MINIMAL_FILE } from '../support/api-key-files.js';
import { memoryKeySource } from '../support/memory-key-source.js';
import { AUDIENCE, ISSUER, NOW, secretOf } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

const PUBLIC = [
  'current',
  'environment',
  'exportAccessKeys',
  'exportPublicKeys',
  'maxTokenLifetimeSeconds',
  'previous',
];
const OF_ROTATING = ['close', 'onChange', 'reload', 'retire', 'rotate', 'versions'];

const createRing = () => createKeyRing({ current: { secret: secretOf(1) } });
const openRing = () => openKeyRing({ source: memoryKeySource(generateKeySet(NOW)), clock: () => NOW });

/** Everything that an application can reach on an object, symbols and prototypes included. */
function membersOf(value: object): readonly string[] {
  const names: string[] = [];
  for (let each = value; each !== Object.prototype; each = Object.getPrototypeOf(each)) {
    names.push(...Reflect.ownKeys(each).map(String));
  }
  return names.filter((name) => name !== 'constructor').sort();
}

describe('the members of a key ring', () => {
  test('are those of its type, and no internals', async () => {
    expect(membersOf(await createRing())).toEqual(PUBLIC);
  });

  test('are those of a rotating one if it follows a source', async () => {
    const ring = await openRing();
    await ring.close();

    expect(membersOf(ring)).toEqual([...PUBLIC, ...OF_ROTATING].sort());
  });
});

describe('an object that this package has not built', () => {
  const services: readonly (readonly [string, (keyRing: KeyRing) => unknown])[] = [
    ['authenticate', (keyRing) => authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE })],
    ['JweStrategy', (keyRing) => new JweStrategy({ keyRing, issuer: ISSUER, audience: AUDIENCE }, () => {})],
    [
      'createTokenVerifier',
      (keyRing) => createTokenVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE }),
    ],
    ['createTokenIssuer', (keyRing) => createTokenIssuer({ keyRing, issuer: ISSUER })],
  ];

  test.each(services)('is rejected as the keyRing of %s', async (name, build) => {
    const values = [undefined, null, 7, {}, { ...(await createRing()) }, internalsOf(await createRing())];

    for (const value of values) {
      expect(() => build(untypedValue(value))).toThrow(
        new TypeError(`${name}: keyRing must be a KeyRing: pass await createKeyRing(...)`),
      );
    }
  });

  test('is rejected as the keyRing of tokenRouter', async () => {
    const options = { keyRing: { ...(await createRing()) }, issuer: ISSUER, audience: AUDIENCE };
    const apiKeys = await loadFiles({ 'demo.yaml': MINIMAL_FILE });

    expect(() => tokenRouter({ ...options, apiKeys })).toThrow(
      new TypeError('tokenRouter: keyRing must be a KeyRing: pass await createKeyRing(...)'),
    );
  });
});
