import { describe, expect, test } from '@jest/globals';
import { internalsOf } from '../../../src/keys/key-ring-internals.js';
import { estimateTokenLength } from '../../../src/token/claims/token-size.js';
import { AUDIENCE, claimsOf, createRing, mintToken } from '../../support/tokens.js';

describe('estimateTokenLength', () => {
  test.each([
    ['short claims', {}],
    ['long claims', { metadata: { note: 'x'.repeat(3000) } }],
    ['claims beyond ASCII', { metadata: { note: 'é€😀'.repeat(300) } }],
    ['claims that JSON escapes', { metadata: { note: '"\\\n'.repeat(300) } }],
  ])('is never less than the length of the token: %s', async (_, claims) => {
    const ring = await createRing();
    internalsOf(ring).prepare('access', AUDIENCE);
    const { length } = mintToken(ring, { claims });
    const estimate = estimateTokenLength(claimsOf(claims));
    expect(estimate).toBeGreaterThanOrEqual(length);
    expect(estimate).toBeLessThan(length + 256);
  });
});
