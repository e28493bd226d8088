import { beforeEach, expect, test } from '@jest/globals';
import { createMemoryStores } from 'passport-jwe';
import {
  createSignInAttempts,
  type SignInAttempts,
  WINDOW_SECONDS,
} from '../../../examples/sign-in/authorization-server/sign-in-attempts.js';

const PERSON = { subject: 'corp:1' };

let now: number;
let attempts: SignInAttempts;

beforeEach(() => {
  now = 1_800_000_000;
  const clock = () => now;
  const { counters } = createMemoryStores({ clock });
  attempts = createSignInAttempts({ counters, perPerson: 2, perAddress: 3, clock });
});

const repeat = async (times: number, count: () => Promise<boolean>) => {
  const results: boolean[] = [];
  for (let index = 0; index < times; index += 1) results.push(await count());
  return results;
};

test('accepts attempts again when the window has passed', async () => {
  expect(await repeat(3, () => attempts.countAccount(PERSON))).toEqual([true, true, false]);
  now += WINDOW_SECONDS - 1;
  expect(await attempts.countAccount(PERSON)).toBe(false);
  now += 2;
  expect(await attempts.countAccount(PERSON)).toBe(true);
});

test('a success forgets the attempts of the person, and of no other person', async () => {
  const other = { subject: 'corp:2' };
  await repeat(2, () => attempts.countAccount(PERSON));
  await repeat(2, () => attempts.countAccount(other));
  await attempts.clear(PERSON.subject);

  expect(await repeat(3, () => attempts.countAccount(PERSON))).toEqual([true, true, false]);
  expect(await attempts.countAccount(other)).toBe(false);
});

test('the attempts before a success do not return when the record of the success has expired', async () => {
  await repeat(2, () => attempts.countAccount(PERSON));
  await attempts.clear(PERSON.subject);
  now += 2 * WINDOW_SECONDS + 1;

  expect(await attempts.countAccount(PERSON)).toBe(true);
});

test('a success does not forget the attempts of the address', async () => {
  await repeat(3, () => attempts.countAddress('192.0.2.1'));
  await attempts.clear(PERSON.subject);

  expect(await attempts.countAddress('192.0.2.1')).toBe(false);
  expect(await attempts.countAddress('192.0.2.2')).toBe(true);
});

test('all addresses of an IPv6 network count as one', async () => {
  expect(await repeat(3, () => attempts.countAddress('2001:db8::1'))).toEqual([true, true, true]);
  expect(await attempts.countAddress('2001:db8::ffff')).toBe(false);
});

test('spellings of an unknown name count as one', async () => {
  const results = [];
  for (const unknownName of ['Nemo', ' nemo', 'ｎｅｍｏ'])
    results.push(await attempts.countAccount({ unknownName }));

  expect(results).toEqual([true, true, false]);
});
