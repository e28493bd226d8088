import { describe, expect, test } from '@jest/globals';
import { bitOf, TokenSightings } from '../../src/token/token-sightings.js';
import { createRandom } from '../support/random.js';

/** After so many that are new, the ones before them begin to be forgotten. */
const GENERATION = 32_768;

const LAST_BIT = 524_287;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function addOthers(sightings: TokenSightings, count: number, from = 0): void {
  for (let bit = from; bit < from + count; bit += 1) sightings.add(bit);
}

describe('TokenSightings', () => {
  test('has seen nothing at first', () => {
    const sightings = new TokenSightings();
    expect([0, 1, 31, 32, LAST_BIT].map((bit) => sightings.has(bit))).not.toContain(true);
  });

  test.each([33, 63, 64, LAST_BIT - 33])('knows bit %i once it was added, and none beside it', (bit) => {
    const sightings = new TokenSightings();
    sightings.add(bit);
    const beside = [bit - 33, bit - 32, bit - 1, bit + 1, bit + 32, bit + 33];
    expect(sightings.has(bit)).toBe(true);
    expect(beside.map((each) => sightings.has(each))).not.toContain(true);
  });

  test('knows several that stand side by side', () => {
    const sightings = new TokenSightings();
    for (const bit of [31, 30, 29]) sightings.add(bit);
    expect([28, 29, 30, 31, 32].map((bit) => sightings.has(bit))).toEqual([false, true, true, true, false]);
  });

  test('knows one until so many others came that two generations are full', () => {
    const [kept, forgotten] = [new TokenSightings(), new TokenSightings()];
    kept.add(LAST_BIT);
    addOthers(kept, 2 * GENERATION - 1);
    expect(kept.has(LAST_BIT)).toBe(true);
    forgotten.add(LAST_BIT);
    addOthers(forgotten, 2 * GENERATION);
    expect(forgotten.has(LAST_BIT)).toBe(false);
  });

  test('knows one for longer that comes back', () => {
    const sightings = new TokenSightings();
    sightings.add(LAST_BIT);
    addOthers(sightings, GENERATION);
    expect(sightings.has(LAST_BIT)).toBe(true);
    addOthers(sightings, GENERATION, GENERATION);
    expect(sightings.has(LAST_BIT)).toBe(true);
  });

  test('forgets nothing for one that is added again and again', () => {
    const sightings = new TokenSightings();
    sightings.add(LAST_BIT);
    for (let time = 0; time < 2 * GENERATION; time += 1) sightings.add(0);
    expect(sightings.has(LAST_BIT)).toBe(true);
  });
});

describe('bitOf', () => {
  const tail = 'qL3x_R0-Zb';

  test('looks at the last ten characters, each of them', () => {
    expect(bitOf(`${'x'.repeat(900)}${tail}`)).toBe(bitOf(tail));
    for (let position = 0; position < tail.length; position += 1) {
      expect(bitOf(`${tail.slice(0, position)}A${tail.slice(position + 1)}`)).not.toBe(bitOf(tail));
    }
  });

  test('tells texts apart that are shorter than that', () => {
    expect(new Set(['', 'a', 'b', 'ab'].map(bitOf)).size).toBe(4);
  });

  test('spreads random tags over all bits that there are', () => {
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
