import { describe, expect, test } from '@jest/globals';
import { createSlidingCounts } from '../../src/monitor/sliding-count.js';
import { createRandom } from '../support/random.js';
import { NOW } from '../support/tokens.js';

const WINDOW = { windowSeconds: 60, maxSubjects: 10 };

describe('createSlidingCounts', () => {
  test('sums counts within the window', () => {
    const counts = createSlidingCounts(WINDOW);

    expect([0, 20, 45].map((seconds) => counts.add('a', NOW + seconds, 2))).toEqual([2, 4, 6]);
  });

  test('drops counts before the window', () => {
    const counts = createSlidingCounts(WINDOW);
    counts.add('a', NOW, 5);

    expect(counts.add('a', NOW + 59, 1)).toBe(6);
    expect(counts.add('a', NOW + 60, 1)).toBe(2);
    expect(counts.add('a', NOW + 1000, 1)).toBe(1);
  });

  test('never counts more than the events, and counts all in the last five sixths', () => {
    const random = createRandom(7);
    const counts = createSlidingCounts(WINDOW);
    const times: number[] = [];
    let now = NOW;
    for (let index = 0; index < 5000; index += 1) {
      now += random() < 0.02 ? random() * 90 : random() * 2;
      times.push(now);
      const counted = counts.add('a', now, 1);
      const within = (seconds: number) => times.filter((time) => time > now - seconds).length;

      expect(counted).toBeGreaterThanOrEqual(within(50));
      expect(counted).toBeLessThanOrEqual(within(60));
    }
  });

  test('counts each subject separately', () => {
    const counts = createSlidingCounts(WINDOW);
    counts.add('a', NOW, 5);

    expect(counts.add('b', NOW, 1)).toBe(1);
  });

  test('restarts if the clock was set back by more than the window', () => {
    const counts = createSlidingCounts(WINDOW);
    counts.add('a', NOW, 5);

    expect(counts.add('a', NOW - 10, 1)).toBe(6);
    expect(counts.add('a', NOW - 3600, 1)).toBe(1);
  });

  test('keeps the most recently counted subjects', () => {
    const counts = createSlidingCounts(WINDOW);
    for (let index = 0; index < 11; index += 1) counts.add(`subject ${index}`, NOW, 1);

    expect(counts.size).toBe(10);
    expect(counts.add('subject 10', NOW, 1)).toBe(2);
    expect(counts.add('subject 0', NOW, 1)).toBe(1);
  });
});
