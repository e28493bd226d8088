import { expect, test } from '@jest/globals';
import { describeOnDrivers } from '../../support/drivers.js';
import { createIdTokenApp, idToken, keysOf, OP } from '../../support/id-token-app.js';
import { generateSigner } from '../../support/key-pairs.js';
import { NOW } from '../../support/tokens.js';

describeOnDrivers('an ID token', (open) => {
  test('is exchanged once, also after a long time', async () => {
    let now = NOW;
    const app = await createIdTokenApp({ stores: await open(() => now) });
    const token = idToken();
    expect((await app.exchange(token)).status).toBe(200);

    for (const time of [NOW, NOW + 100, NOW + 294, NOW + 295]) {
      now = time;
      app.setTime(time);
      expect((await app.exchange(token)).body['error']).toBe('invalid_request');
      expect(app.lastReason()).toBe('assertion_replayed');
    }
  });

  test('is exchanged once in 50 concurrent requests', async () => {
    const app = await createIdTokenApp({ stores: await open(() => NOW) });
    const token = idToken();
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.exchange(token)));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body['error'] === 'invalid_request')).toHaveLength(49);
  });

  test('is used up in all processes that share the store', async () => {
    const stores = await open(() => NOW);
    const [one, other] = [await createIdTokenApp({ stores }), await createIdTokenApp({ stores })];
    const token = idToken();

    expect([(await one.exchange(token)).status, (await other.exchange(token)).status]).toEqual([200, 400]);
    expect((await other.exchange(idToken({ nonce: 'another' }))).status).toBe(200);
  });
});

test('an ID token with a second valid signature is the same ID token', async () => {
  const signer = generateSigner('ES256', { kid: 'op-1' });
  const app = await createIdTokenApp({
    providers: { op: { type: 'standard', issuer: OP, verification: keysOf(signer) } },
  });
  const token = idToken({}, {}, signer);
  const [header, payload, signature = ''] = token.split('.');
  expect((await app.exchange(token)).status).toBe(200);

  expect((await app.exchange([header, payload, mirror(signature)].join('.'))).status).toBe(400);
  expect(app.lastReason()).toBe('assertion_replayed');
});

/** Order of the group of P-256 (SEC 2 §2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** With (r, s), an ECDSA signature (r, n - s) is valid too. */
function mirror(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url');
  const s = ORDER - BigInt(`0x${bytes.toString('hex', 32)}`);
  bytes.write(s.toString(16).padStart(64, '0'), 32, 'hex');
  return bytes.toString('base64url');
}
