import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normalizeTarget } from '../../src/http/normalize-target.js';

test.each([
  ['/a%7eb%2Dc', '/a~b-c', 'decodes unreserved characters'],
  ['/a%2fb%c3%bc', '/a%2Fb%C3%BC', 'writes other percent-encodings in upper case'],
  ["/a!$&'()*+,;=:@b?c/d?e", "/a!$&'()*+,;=:@b?c/d?e", 'keeps reserved characters'],
  ['/a%28b%29', '/a%28b%29', 'keeps percent-encoded reserved characters, which are not equivalent'],
  ['/a b|c[d]^"', '/a%20b%7Cc%5Bd%5D%5E%22', 'encodes illegal characters'],
  ['/\u00c3\u00bc', '/%C3%BC', 'encodes octets above 127'],
  ['/50%', '/50%25', 'encodes a percent sign without two digits'],
  ['/\u20ac', '/\u20ac', 'keeps characters that are not octets'],
])('%s becomes %s: %s', (target, normalized) => {
  expect(normalizeTarget(target)).toBe(normalized);
});

test('a normalized target stays the same', () => {
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      expect(normalizeTarget(normalizeTarget(path))).toBe(normalizeTarget(path));
    }),
  );
});

test('differently encoded paths of a URL become equal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const encoded = encodeURIComponent(text);
      const octets = [...Buffer.from(text)]
        .map((octet) => `%${octet.toString(16).padStart(2, '0')}`)
        .join('');
      const reserved = /[!'()*]/g;
      const expected = encoded.replace(
        reserved,
        (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
      );

      expect(normalizeTarget(octets)).toBe(normalizeTarget(expected));
    }),
  );
});
