import { describe, expect, test } from '@jest/globals';
import { AdmissionFilter, bitOf } from '../../src/token/token-cache.js';
import { createRandom } from '../support/random.js';

/** Bits of one generation. */
const GENERATION = 32_768;

const LAST_BIT = 524_287;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function addOthers(filter: AdmissionFilter, count: number, from = 0): void {
  for (let bit = from; bit < from + count; bit += 1) filter.add(bit);
}

describe('AdmissionFilter', () => {
  test('is empty at first', () => {
    const filter = new AdmissionFilter();
    expect([0, 1, 31, 32, LAST_BIT].map((bit) => filter.has(bit))).not.toContain(true);
  });

  test.each([33, 63, 64, LAST_BIT - 33])('has bit %i after it was added, and no bit beside it', (bit) => {
    const filter = new AdmissionFilter();
    filter.add(bit);
    const beside = [bit - 33, bit - 32, bit - 1, bit + 1, bit + 32, bit + 33];
    expect(filter.has(bit)).toBe(true);
    expect(beside.map((each) => filter.has(each))).not.toContain(true);
  });

  test('has several adjacent bits', () => {
    const filter = new AdmissionFilter();
    for (const bit of [31, 30, 29]) filter.add(bit);
    expect([28, 29, 30, 31, 32].map((bit) => filter.has(bit))).toEqual([false, true, true, true, false]);
  });

  test('has a bit until two generations of others were added', () => {
    const [kept, forgotten] = [new AdmissionFilter(), new AdmissionFilter()];
    kept.add(LAST_BIT);
    addOthers(kept, 2 * GENERATION - 1);
    expect(kept.has(LAST_BIT)).toBe(true);
    forgotten.add(LAST_BIT);
    addOthers(forgotten, 2 * GENERATION);
    expect(forgotten.has(LAST_BIT)).toBe(false);
  });

  test('has a bit for longer if it is found again', () => {
    const filter = new AdmissionFilter();
    filter.add(LAST_BIT);
    addOthers(filter, GENERATION);
    expect(filter.has(LAST_BIT)).toBe(true);
    addOthers(filter, GENERATION, GENERATION);
    expect(filter.has(LAST_BIT)).toBe(true);
  });

  test('forgets nothing if one bit is added again and again', () => {
    const filter = new AdmissionFilter();
    filter.add(LAST_BIT);
    for (let time = 0; time < 2 * GENERATION; time += 1) filter.add(0);
    expect(filter.has(LAST_BIT)).toBe(true);
  });
});

describe('bitOf', () => {
  const tail = 'qL3x_R0-Zb';

  test('depends on each of the last ten characters, and on no other', () => {
    expect(bitOf(`${'x'.repeat(900)}${tail}`)).toBe(bitOf(tail));
    for (let position = 0; position < tail.length; position += 1) {
      expect(bitOf(`${tail.slice(0, position)}A${tail.slice(position + 1)}`)).not.toBe(bitOf(tail));
    }
  });

  test('distinguishes shorter texts', () => {
    expect(new Set(['', 'a', 'b', 'ab'].map(bitOf)).size).toBe(4);
  });

  test('spreads random tags over all bits', () => {
    const random = createRandom(19);
    const tags = Array.from({ length: GENERATION }, () =>
      Array.from({ length: 10 }, () => ALPHABET[Math.floor(random() * 64)]).join(''),
    );
    const bits = tags.map(bitOf);
    // At random, about 1000 of them would share a bit with another.
    expect(new Set(bits).size).toBeGreaterThan(31_000);
    expect(bits.filter((bit) => !Number.isInteger(bit) || bit < 0 || bit > LAST_BIT)).toEqual([]);
    const eighths = new Set(bits.map((bit) => bit >>> 16));
    expect([...eighths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});
