import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { describeOutage } from '../../src/base/describe-outage.js';
import { rejectionOf } from '../support/caught.js';

test('names the code and the message of each error in the chain', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' });
  const failure = new TypeError('fetch failed', { cause: refused });

  expect(describeOutage(failure)).toEqual(['TypeError: fetch failed', 'connect ECONNREFUSED 127.0.0.1:6379']);
});

test('names the file that could not be read', async () => {
  const failure = await rejectionOf(readFile('users.json'));

  expect(describeOutage(failure)).toEqual(["ENOENT: no such file or directory, open 'users.json'"]);
});

test.each([
  ['credentials of a URL', 'connect redis://app:sesame@cache:6379', 'connect redis://***@cache:6379'],
  ['a password with @ and /', 'connect redis://app:s@sa/me@cache:6379', 'connect redis://***@cache:6379'],
  ['tokens', 'got eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn', 'got ***'],
  ['keys', `key ${'ab'.repeat(32)} is invalid`, 'key *** is invalid'],
])('masks %s', (_what, message, masked) => {
  expect(describeOutage(new Error(message))).toEqual([`Error: ${masked}`]);
});

test('describes a syntax error by name, because its message quotes the input', () => {
  const failure = new SyntaxError('Unexpected token \'s\', "sesame" is not valid JSON');

  expect(describeOutage(failure)).toEqual(['SyntaxError']);
});

test('describes a value that is not an error', () => {
  expect(describeOutage('closed')).toEqual(['string: closed']);
});

test('ends a chain that is a cycle', () => {
  const failure = new Error('again');
  failure.cause = failure;

  expect(describeOutage(failure).length).toBeLessThan(10);
});
