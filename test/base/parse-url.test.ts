import { expect, test } from '@jest/globals';
import { parseUrl } from '../../src/base/parse-url.js';

test('parseUrl parses absolute URLs, also after many calls with a Latin-1 host', () => {
  const hosts = new Set<string | undefined>();
  for (let count = 0; count < 20_000; count += 1) hosts.add(parseUrl('https://bücher.example/')?.host);

  expect([...hosts]).toEqual(['xn--bcher-kva.example']);
});

test.each(['/path', 'bücher', '', undefined, null, 7, {}])('parseUrl returns undefined for %j', (value) => {
  expect(parseUrl(value)).toBeUndefined();
});
