import { expect, test } from '@jest/globals';
import { createMemoryStores } from 'passport-jwe';
import { useOnce } from '../../src/issue/use-once.js';
import { NOW } from '../support/tokens.js';

const USE = {
  purpose: 'id-jag',
  owner: 'https://idp.example.com',
  jti: '1',
  usableUntil: NOW + 300,
} as const;

test('an assertion can be used once', async () => {
  const { counters } = createMemoryStores({ clock: () => NOW });

  expect([await useOnce(counters, USE), await useOnce(counters, USE)]).toEqual([true, false]);
});

test('the same jti of a different issuer, or for a different purpose, is a different assertion', async () => {
  const { counters } = createMemoryStores({ clock: () => NOW });
  const uses = [
    USE,
    { ...USE, owner: 'https://other.example.com' },
    { ...USE, purpose: 'client-assertion' as const },
  ];
  const results: boolean[] = [];
  for (const use of uses) results.push(await useOnce(counters, use));

  expect(results).toEqual([true, true, true]);
});

test('a use is recorded beyond the expiry of the assertion, for clocks and stores that lag', async () => {
  let now = NOW;
  const { counters } = createMemoryStores({ clock: () => now });
  await useOnce(counters, USE);
  now = NOW + 359;

  expect(await useOnce(counters, USE)).toBe(false);
});

test('the length of jti does not matter', async () => {
  const { counters } = createMemoryStores({ clock: () => NOW });
  const use = { ...USE, jti: 'a'.repeat(10_000) };

  expect([await useOnce(counters, use), await useOnce(counters, use)]).toEqual([true, false]);
});
