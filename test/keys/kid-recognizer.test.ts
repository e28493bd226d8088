import { beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRing, type KeyRingOptions } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { generateKeySet } from '../../src/keys/key-versions.js';
import { openKeyRing } from '../../src/keys/open-key-ring.js';
import { memoryKeySource } from '../support/memory-key-source.js';
import { AUDIENCE, clock, createRing, mintToken, NOW, secretOf } from '../support/tokens.js';
import { verdictOn } from '../support/verdicts.js';

const open = (options: Partial<KeyRingOptions> = {}) =>
  createKeyRing({ current: { secret: secretOf(1) }, ...options });
const kidOf = (ring: KeyRing, audience = AUDIENCE) => internalsOf(ring).encryptionKey('access', audience).kid;
const recognize = (ring: KeyRing, kid: string) => internalsOf(ring).recognizeKid(kid);

let ring: KeyRing;

beforeAll(async () => {
  ring = await open({ previous: [{ secret: secretOf(2) }] });
  internalsOf(ring).prepare('access', AUDIENCE);
});

describe('a key ring recognizes the kid', () => {
  test.each(['https://api.example.com/', 'http://api.example.com', 'http://api.example.com/'])(
    'of another spelling of an audience: %s',
    async (found) => {
      expect(recognize(ring, kidOf(await open(), found))).toEqual({
        reason: 'wrong_audience',
        detail: { expected: AUDIENCE, found },
      });
    },
  );

  test('of an audience that is a name, with a trailing slash', async () => {
    const named = await open();
    internalsOf(named).prepare('access', 'api');

    expect(recognize(named, kidOf(await open(), 'api/'))).toMatchObject({ reason: 'wrong_audience' });
  });

  test.each(['staging', 'development', 'test', 'prod', 'dev', 'local', 'default'])(
    'of the environment %s',
    async (environment) => {
      expect(recognize(ring, kidOf(await open({ environment })))).toEqual({
        reason: 'wrong_environment',
        detail: { expected: 'production', found: environment },
      });
    },
  );

  test('of the environment production, in another one', async () => {
    const staging = await open({ environment: 'staging' });
    internalsOf(staging).prepare('access', AUDIENCE);

    expect(recognize(staging, kidOf(await open()))).toMatchObject({
      detail: { expected: 'staging', found: 'production' },
    });
  });

  test('of another content encryption', async () => {
    expect(recognize(ring, kidOf(await open({ enc: 'A128GCM' })))).toEqual({
      reason: 'algorithm',
      detail: { expected: 'A256GCM', found: 'A128GCM' },
    });
  });

  test('of a previous root', async () => {
    const old = await open({ current: { secret: secretOf(2) }, environment: 'staging' });

    expect(recognize(ring, kidOf(old))).toMatchObject({ reason: 'wrong_environment' });
  });

  test('of a root that its source has added', async () => {
    const source = memoryKeySource(generateKeySet(NOW - 60));
    const rotating = await openKeyRing({ source, clock });
    internalsOf(rotating).prepare('access', AUDIENCE);
    const added = generateKeySet(NOW - 30);
    await source.replace?.(await source.load(), added);
    await rotating.reload();
    const staging = await openKeyRing({ source: memoryKeySource(added), environment: 'staging', clock });

    expect(recognize(rotating, kidOf(staging))).toMatchObject({ reason: 'wrong_environment' });
    await Promise.all([rotating.close(), staging.close()]);
  });
});

describe('a key ring does not recognize the kid', () => {
  test.each([
    ['of another root', () => createRing(3)],
    ['of an environment with an uncommon name', () => open({ environment: 'blue' })],
  ])('%s', async (_name, openOther) => {
    expect(recognize(ring, kidOf(await openOther()))).toBeUndefined();
  });

  test('of an audience that it was never prepared for', async () => {
    expect(recognize(ring, kidOf(await open(), 'https://billing.example.com'))).toBeUndefined();
  });

  test('of any other context if it holds only exported keys', async () => {
    const exported = await createKeyRing({ current: { jwks: ring.exportAccessKeys(AUDIENCE) } });

    expect(recognize(exported, kidOf(await open({ environment: 'staging' })))).toBeUndefined();
  });

  test('of a further environment of its ninth audience, so that the work is bounded', async () => {
    const wide = await open();
    for (let index = 0; index < 9; index += 1)
      internalsOf(wide).prepare('access', `https://${index}.example.com`);
    const staging = await open({ environment: 'staging' });

    expect(recognize(wide, kidOf(staging, 'https://7.example.com'))).toBeDefined();
    expect(recognize(wide, kidOf(staging, 'https://8.example.com'))).toBeUndefined();
  });
});

test('a token with a recognized kid is rejected, although its roots are the same', async () => {
  expect(await verdictOn(mintToken(await open({ environment: 'staging' })), ring)).toBe('wrong_environment');
});
