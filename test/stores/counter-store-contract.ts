import { describe, expect, test } from '@jest/globals';
import { NOW } from '../support/tokens.js';
import type { StoresUnderTest } from './stores-under-test.js';

export function describeCounterStore({ open, setTime }: StoresUnderTest): void {
  const openStore = async () => (await open()).counters;
  const step = { name: 'c', amount: 5, expiresAt: NOW + 600 };

  describe('counters', () => {
    test('start at 0', async () => {
      const store = await openStore();

      expect(await store.read('c')).toBe(0);
      expect(await store.add(step)).toBe(5);
    });

    test('add up, each separately', async () => {
      const store = await openStore();
      await store.add(step);
      await store.add({ ...step, name: 'd' });

      expect(await store.add({ ...step, amount: 2 })).toBe(7);
      expect([await store.read('c'), await store.read('d')]).toEqual([7, 5]);
    });

    test('reach a limit but never exceed it, and add nothing if they would', async () => {
      const store = await openStore();
      await store.add({ ...step, limit: 8 });

      expect(await store.add({ ...step, amount: 4, limit: 8 })).toBeUndefined();
      expect(await store.read('c')).toBe(5);
      expect(await store.add({ ...step, amount: 3, limit: 8 })).toBe(8);
    });

    test('lose no concurrent step, and grant no more than the limit', async () => {
      const store = await openStore();
      const steps = Array.from({ length: 50 }, () => store.add({ ...step, amount: 1, limit: 30 }));
      const granted = (await Promise.all(steps)).filter((total) => total !== undefined);

      expect([...granted].sort((one, other) => one - other)).toEqual(
        Array.from({ length: 30 }, (_, n) => n + 1),
      );
    });

    test('count beyond 32 bits', async () => {
      const store = await openStore();
      await store.add({ ...step, amount: 2 ** 40 });

      expect(await store.add({ ...step, amount: 1 })).toBe(2 ** 40 + 1);
    });

    test('restart at 0 after expiry', async () => {
      const store = await openStore();
      await store.add(step);
      setTime(NOW + 601);

      expect(await store.read('c')).toBe(0);
      expect(await store.add({ ...step, expiresAt: NOW + 900 })).toBe(5);
    });

    test('expire at the latest expiry of their steps', async () => {
      const store = await openStore();
      await store.add({ ...step, expiresAt: NOW + 900 });
      await store.add(step);
      setTime(NOW + 899);

      expect(await store.read('c')).toBe(10);
    });

    test.each([0, -1, 1.5, Number.NaN])('reject a step of %d', async (amount) => {
      const store = await openStore();

      await expect(store.add({ ...step, amount })).rejects.toThrow(TypeError);
    });
  });
}
