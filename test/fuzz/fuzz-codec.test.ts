import { beforeAll, expect, test } from '@jest/globals';
import { hasJwcrypto } from '../support/jwcrypto-judge.js';
import { type CodecTally, fuzzCodec } from './fuzz-codec.js';

/** Of each algorithm. `npm run fuzz` tries 20 000. */
const MUTATIONS = 40;

let tally: CodecTally;

beforeAll(async () => {
  tally = await fuzzCodec({ mutations: MUTATIONS, seed: 7, poolSize: 6, withJwcrypto: hasJwcrypto() });
});

test('the codec accepts no mutated token that jose or jwcrypto rejects', () => {
  expect(tally.laxer).toEqual([]);
  expect(tally.accepted).toBeGreaterThan(tally.groups);
});

test('the codec accepts every token before its mutation, and throws only InvalidTokenError afterwards', () => {
  expect(tally.failed).toEqual([]);
  expect(tally.groups).toBe(27);
  expect(tally.mutations).toBe(27 * MUTATIONS);
});
