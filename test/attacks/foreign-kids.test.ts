import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRing, generateKeySet, type KeyRing, openKeyRing } from 'passport-jwe';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { type AttackTarget, startTarget } from '../support/attack-target.js';
import { forgeToken } from '../support/forge-token.js';
import { memoryKeySource } from '../support/memory-key-source.js';
import { AUDIENCE, createRing, mintToken, NOW, secretOf } from '../support/tokens.js';

// RFC 8725 §3.2: an attacker who could tell whether a kid belongs to another environment or audience would learn which
// tokens are worth stealing. Only operators see the reason.

const current = { secret: secretOf(1) };

let target: AttackTarget;
let keyRing: KeyRing;
let tokens: Readonly<Record<string, string>>;

beforeAll(async () => {
  keyRing = await createRing();
  const staging = await createKeyRing({ current, environment: 'staging' });
  const spelling = internalsOf(await createKeyRing({ current })).encryptionKey('access', `${AUDIENCE}/`);
  tokens = {
    unknown_key: mintToken(await createRing(2)),
    wrong_environment: mintToken(staging),
    wrong_audience: forgeToken(spelling),
    algorithm: mintToken(await createKeyRing({ current, enc: 'A128GCM' })),
  };
});

afterEach(() => target.close());

describe('tokens under keys that the ring does not hold', () => {
  test('get the same response for recognized and unknown key IDs', async () => {
    target = await startTarget({ keyRing });
    const responses = new Set<string>();
    for (const [expected, token] of Object.entries(tokens)) {
      const { reason, ...answer } = await target.present(token);
      expect(reason).toBe(expected);
      responses.add(JSON.stringify({ ...answer, headers: { ...answer.headers, date: '' } }));
    }

    expect(responses.size).toBe(1);
  });

  test('are not identified in the audit log', async () => {
    target = await startTarget({ keyRing });
    for (const token of Object.values(tokens)) await target.present(token);

    const identities = target.records.filter((record) => 'jti' in record || 'kid' in record);
    expect([target.records.length, identities]).toEqual([4, []]);
  });

  test('are answered with 503 alike while the source of the keys is unavailable', async () => {
    let now = NOW;
    const set = generateKeySet(NOW - 60);
    const source = memoryKeySource(set);
    const rotating = await openKeyRing({ source, clock: () => now });
    const staging = await openKeyRing({
      source: memoryKeySource(set),
      environment: 'staging',
      clock: () => NOW,
    });
    target = await startTarget({ keyRing: rotating, clock: () => now });
    source.failure = new Error('connect ECONNREFUSED');
    now = NOW + 60;

    for (const token of [mintToken(staging), tokens['unknown_key'] ?? '']) {
      expect(await target.present(token)).toMatchObject({ status: 503 });
    }
    await Promise.all([rotating.close(), staging.close()]);
  });

  test('are looked up among key IDs that were derived once', async () => {
    target = await startTarget({ keyRing });
    const { kid } = JSON.parse(
      Buffer.from((tokens['wrong_environment'] ?? '').split('.', 1).join(), 'base64url').toString(),
    );
    const first = internalsOf(keyRing).recognizeKid(kid);

    expect(first).toBeDefined();
    expect(internalsOf(keyRing).recognizeKid(kid)).toBe(first);
  });
});
