import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isNormalPath, matchesEndpoint } from '../../../src/token/claims/endpoint-pattern.js';
import { failuresOf } from '../../support/failures-of.js';

const SEED = 20_261_125;

describe('a path is in its normalised form', () => {
  test('for every path that clients and servers interpret identically', async () => {
    const failures = await failuresOf(
      [
        '/',
        '/a',
        '/a/',
        '/a/b.c',
        '/a/..b',
        '/a/.well-known',
        '/a./b..',
        '/a.;b',
        "/-._~!$&'()*+,;=:@",
        '/%C3%A9',
        '/%C3%84rger/%C3%9Cbung',
        '/%E2%80%A6/%F0%9F%98%80',
        '/a%20b',
        '/%25',
        '/a/%20/b',
        '/100%25',
        '/100%25%20off',
        '/5%25zz',
        '/a;v=1',
        '/a%3Bv=1/b;c',
        '/%C2%BD',
        '/%E4%BD%A0%E5%A5%BD%EF%BC%9F',
        '/%D9%85%DB%8C%E2%80%8C%D8%AE',
        '/a%E2%80%8D.b',
      ],
      (path) => {
        expect(isNormalPath(path)).toBe(true);
      },
    );

    expect(failures).toEqual([]);
  });

  test('and no other path is', async () => {
    const failures = await failuresOf(
      [
        ['', 'no path'],
        ['a', 'no path'],
        ['a/b', 'no path'],
        ['http://host/a', 'no path'],
        ['*', 'no path'],
        ['//a', 'an empty segment'],
        ['/a//b', 'an empty segment'],
        ['/a/.', 'a dot segment'],
        ['/a/./b', 'a dot segment'],
        ['/a/../b', 'a dot segment'],
        ['/..', 'a dot segment'],
        ['/a/..;x/b', 'a dot segment to those who drop parameters'],
        ['/a/.;/b', 'a dot segment to those who drop parameters'],
        ['/a/%2e%2e/b', 'an encoded dot'],
        ['/a/%2E', 'an encoded dot'],
        ['/%61', 'a letter that is encoded'],
        ['/a%2Fb', 'an encoded slash'],
        ['/a%5Cb', 'an encoded backslash'],
        ['/a%00', 'an encoded NUL'],
        ['/a%0D%0Ab', 'an encoded line break'],
        ['/a%7F', 'an encoded control character'],
        ['/a%C2%85b', 'an encoded control character'],
        ['/%C0%AE%C0%AE/b', 'dots in too many bytes'],
        ['/a%C0%AFb', 'a slash in too many bytes'],
        ['/a%E9', 'a byte of another encoding than UTF-8'],
        ['/a%C3', 'half a character'],
        ['/a%ED%A0%80', 'half a surrogate pair'],
        ['/a%2', 'half an encoding'],
        ['/a%', 'half an encoding'],
        ['/a%zz', 'no encoding'],
        ['/%c3%a9', 'hexadecimal digits in lower case'],
        ['/a/%252e%252e/b', 'dots that are encoded twice'],
        ['/a/%252E', 'a dot that is encoded twice'],
        ['/a%252Fb', 'a slash that is encoded twice'],
        ['/a%25252fb', 'a slash that is encoded three times'],
        ['/a%2541', 'a letter that is encoded twice'],
        ['/a%25C3%25A9', 'a name that is encoded twice'],
        ['/a%25u002e', 'a dot that is encoded for IIS'],
        ['/a/%EF%BC%8E%EF%BC%8E/b', 'fullwidth dots'],
        ['/a/.%EF%BC%8E/b', 'a fullwidth dot'],
        ['/a/%E2%80%A4%E2%80%A4/b', 'one dot leaders'],
        ['/a/%E2%80%A5/b', 'a two dot leader'],
        ['/a/%EF%B9%92.', 'a small full stop'],
        ['/a%EF%BC%8Fb', 'a fullwidth slash'],
        ['/a%E2%88%95b', 'a division slash'],
        ['/a%E2%81%84b', 'a fraction slash'],
        ['/a%E2%A7%B8b', 'a big slash'],
        ['/a%E2%84%80b', 'an account sign, which holds a slash'],
        ['/a%EF%BC%BCb', 'a fullwidth backslash'],
        ['/a%EF%B9%A8b', 'a small backslash'],
        ['/a%E2%88%96b', 'a set minus'],
        ['/a%EF%BC%852e', 'a fullwidth percent sign'],
        ['/a/.%E2%80%8B./b', 'dots around an invisible character'],
        ['/a/..%20/b', 'dots and a space, which Windows drops'],
        ['/a/%C2%A0..', 'dots and a no-break space'],
        ['/a/%E2%80%8B/b', 'an invisible segment'],
        ['/a%E2%80%A8b', 'an encoded line separator'],
        ['/;x/b', 'a segment that is a path parameter'],
        ['/a/;/b', 'a segment that is a path parameter'],
        ['/a/;v=1', 'a segment that is a path parameter'],
        ['/a/%3Bx/b', 'a segment that is an encoded path parameter'],
        ['/a/..%3Bx/b', 'a dot segment with an encoded path parameter'],
        ['/a/..%EF%BC%9Bx/b', 'a dot segment with a fullwidth path parameter'],
        ['/a\\b', 'a backslash'],
        ['/a b', 'a space'],
        ['/a\tb', 'a control character'],
        ['/é', 'a character that is not ASCII'],
        ['/a#b', 'a fragment'],
        ['/a?b', 'a query'],
        ['/{id}', 'braces'],
      ],
      ([path]) => {
        expect(isNormalPath(path)).toBe(false);
      },
    );

    expect(failures).toEqual([]);
  });

  test('if the URL parser of the platform does not change it, and decoding adds no segment', () => {
    const part = fc.constantFrom(
      ...['/', '//', '.', '..', '%2e', '%2F', '%5C', '%41', '%C3', '%C3%A9', '%C3%84', '%20', '%25', '%00'],
      ...['%EF%BC%8E', '%EF%BC%8F', '%E2%80%8B', '2e', '2F'],
      ...['a', 'B', ';', '\\', '~', ' ', '?', '#'],
    );
    const anyPath = fc.array(part, { maxLength: 12 }).map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(anyPath, (path) => {
        fc.pre(isNormalPath(path));
        expect(new URL(`http://host${path}`).pathname).toBe(path);
        for (const read of [decodeURIComponent(path), decodeURIComponent(path).normalize('NFKC')]) {
          expect(read.split('/')).toHaveLength(path.split('/').length);
          expect(read.split('/').map((segment) => segment.trim())).not.toContain('..');
          expect(read).not.toMatch(/%[0-9a-f]{2}/i);
        }
      }),
      { seed: SEED, numRuns: 5000 },
    );
  });

  test('if the platform encodes each segment identically', () => {
    const segment = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((text) => text === text.normalize('NFKC'))
      .filter((text) => !/[/\\\p{Cc}\p{Z}\p{Sm}\p{Default_Ignorable_Code_Point}]/u.test(text))
      .filter((text) => !/^(?:\.{1,2}(?:;|$)|;)|%[\da-f]{2}|%u/iu.test(text));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
        expect(isNormalPath(`/${segments.map(encodeURIComponent).join('/')}`)).toBe(true);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe('a pattern', () => {
  test.each([
    ['GET /reports', 'GET', '/reports'],
    ['* /reports', 'DELETE', '/reports'],
    ['GET /reports/*', 'GET', '/reports/7'],
    ['GET /reports/*', 'GET', '/reports/7/pages/3'],
    ['GET /*', 'GET', '/anything'],
    ['GET /users/*/reports', 'GET', '/users/7/reports'],
    ['GET /users/*/reports/*', 'GET', '/users/7/reports/1/2'],
  ])('%s allows %s %s', (pattern, method, path) => {
    expect(matchesEndpoint(pattern, { method, path })).toBe(true);
  });

  test.each([
    ['GET /reports', 'POST', '/reports'],
    ['GET /reports', 'HEAD', '/reports'],
    ['GET /reports', 'GET', '/reports/'],
    ['GET /reports', 'GET', '/Reports'],
    ['GET /reports', 'GET', '/reports/7'],
    ['GET /reports/*', 'GET', '/reports'],
    ['GET /reports/*', 'GET', '/reports/'],
    ['GET /reports/*', 'GET', '/reportsx/7'],
    ['GET /*', 'GET', '/'],
    ['GET /users/*/reports', 'GET', '/users//reports'],
    ['GET /users/*/reports', 'GET', '/users/7/8/reports'],
    ['GET /a.b', 'GET', '/aXb'],
    ['GET', 'GET', '/'],
    ['*', 'GET', '/reports'],
  ])('%s does not allow %s %s', (pattern, method, path) => {
    expect(matchesEndpoint(pattern, { method, path })).toBe(false);
  });

  test('matches the same paths as an equivalent regular expression', () => {
    const segments = fc.array(fc.constantFrom('a', 'b', 'A', 'a.b', '*', ''), { minLength: 1, maxLength: 4 });
    const method = fc.constantFrom('GET', 'POST', '*');
    fc.assert(
      fc.property(method, segments, method, segments, (allowed, pattern, asked, path) => {
        const steps = pattern.map((step, index) => {
          if (step !== '*') return step.replaceAll('.', '\\.');
          return index === pattern.length - 1 ? '[^/]+(?:/.*)?' : '[^/]+';
        });
        const expected =
          (allowed === '*' || allowed === asked) &&
          new RegExp(`^/${steps.join('/')}$`).test(`/${path.join('/')}`);

        expect(
          matchesEndpoint(`${allowed} /${pattern.join('/')}`, { method: asked, path: `/${path.join('/')}` }),
        ).toBe(expected);
      }),
      { seed: SEED, numRuns: 5000 },
    );
  });
});
