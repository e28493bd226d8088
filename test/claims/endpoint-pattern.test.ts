import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isNormalPath, matchesEndpoint } from '../../src/claims/endpoint-pattern.js';

const SEED = 20_261_125;

describe('a path is in its normalised form', () => {
  test.each([
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
  ])('%s', (path) => {
    expect(isNormalPath(path)).toBe(true);
  });

  test.each([
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
    ['/a\\b', 'a backslash'],
    ['/a b', 'a space'],
    ['/a\tb', 'a control character'],
    ['/é', 'a character that is not ASCII'],
    ['/a#b', 'a fragment'],
    ['/a?b', 'a query'],
    ['/{id}', 'braces'],
  ])('%j is not: it has %s', (path) => {
    expect(isNormalPath(path)).toBe(false);
  });

  test('where the URL parser of the platform has nothing to change about it, and decoding adds no segment', () => {
    const part = fc.constantFrom(
      ...['/', '//', '.', '..', '%2e', '%2F', '%5C', '%41', '%C3', '%C3%A9', '%C3%84', '%20', '%25', '%00'],
      ...['a', 'B', ';', '\\', '~', ' ', '?', '#'],
    );
    const anyPath = fc.array(part, { maxLength: 12 }).map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(anyPath, (path) => {
        fc.pre(isNormalPath(path));
        expect(new URL(`http://host${path}`).pathname).toBe(path);
        expect(decodeURIComponent(path).split('/')).toHaveLength(path.split('/').length);
      }),
      { seed: SEED, numRuns: 5000 },
    );
  });

  test('where each segment is text as the platform encodes it', () => {
    const segment = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((text) => !/[/\\\p{Cc}]|^\.{1,2}(?:;|$)/u.test(text));
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

  test('stands for what a regular expression of the same meaning stands for', () => {
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
