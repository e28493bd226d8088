import { describe, expect, test } from '@jest/globals';
import { InvalidRequestError } from '../../src/base/errors.js';
import {
  extractBearerToken,
  extractCookieToken,
  extractFormToken,
  extractHeaderToken,
  isB64Token,
  MALFORMED_AUTHORIZATION,
  selectToken,
} from '../../src/http/extract-bearer-token.js';

describe('extractBearerToken', () => {
  test.each([['Bearer abc.def'], ['bearer abc.def'], ['BEARER   abc.def']])(
    'finds the token in %j',
    (header) => {
      expect(extractBearerToken([header])).toBe('abc.def');
    },
  );

  test('hands over what follows the scheme as it stands', () => {
    expect(extractBearerToken(['Bearer  a b'])).toBe('a b');
  });

  test('finds a token without any character where nothing follows the scheme', () => {
    expect(extractBearerToken(['Bearer '])).toBe('');
  });

  test.each([[[]], [['']], [['Basic YTpi']], [['Bearerabc']], [['Bearer-x abc']], [['Token bearer abc']]])(
    'finds none in %j',
    (headers) => {
      expect(extractBearerToken(headers)).toBeUndefined();
    },
  );

  test.each([[['Bearer abc', 'Bearer abc']], [['Bearer abc', 'Basic YTpi']]])(
    'refuses several Authorization headers: %j',
    (headers) => {
      expect(() => extractBearerToken(headers)).toThrow('several Authorization headers');
    },
  );
});

describe('isB64Token', () => {
  test('accepts every character of a b64token', () => {
    expect(isB64Token('aZ09-._~+/==')).toBe(true);
  });

  test.each([[''], ['a b'], ['a,b'], ['"a"'], ['=a'], ['\tabc'], [':abc'], ['a\n'], ['é'], [undefined]])(
    'refuses %j',
    (value) => {
      expect(isB64Token(value)).toBe(false);
    },
  );
});

describe('extractHeaderToken', () => {
  test('takes the whole value as the token', () => {
    expect(extractHeaderToken(['abc'])).toBe('abc');
  });

  test('finds none where the header is absent', () => {
    expect(extractHeaderToken([])).toBeUndefined();
  });

  test.each([[['']], [['Bearer abc']], [['a', 'a']]])('refuses %j', (values) => {
    expect(() => extractHeaderToken(values)).toThrow(InvalidRequestError);
  });
});

describe('extractCookieToken', () => {
  test('finds the cookie of that exact name among others', () => {
    expect(extractCookieToken(['xtoken=no; token=abc', 'theme=dark'], 'token')).toBe('abc');
  });

  test.each([[[]], [['theme=dark']]])('finds none in %j', (headers) => {
    expect(extractCookieToken(headers, 'token')).toBeUndefined();
  });

  test('takes the same cookie sent twice as one', () => {
    expect(extractCookieToken(['token=abc; token=abc'], 'token')).toBe('abc');
  });

  test.each([[['token=abc; token=def']], [['token=']], [['token="abc"']]])('refuses %j', (headers) => {
    expect(() => extractCookieToken(headers, 'token')).toThrow(InvalidRequestError);
  });
});

describe('extractFormToken', () => {
  test('takes the parameter', () => {
    expect(extractFormToken('abc')).toBe('abc');
  });

  test('finds none where the parameter is absent', () => {
    expect(extractFormToken(undefined)).toBeUndefined();
  });

  test.each([[['a', 'b']], [''], [{ a: 'b' }], [null], [1]])('refuses %j', (value) => {
    expect(() => extractFormToken(value)).toThrow(InvalidRequestError);
  });
});

describe('selectToken', () => {
  test('takes the only one', () => {
    expect(selectToken([undefined, 'abc', undefined])).toBe('abc');
  });

  test('takes one token sent by two methods as one', () => {
    expect(selectToken(['abc', 'abc'])).toBe('abc');
  });

  test('finds none among none', () => {
    expect(selectToken([undefined, undefined])).toBeUndefined();
  });

  test('refuses two that differ', () => {
    expect(() => selectToken(['abc', 'def'])).toThrow(InvalidRequestError);
  });
});

describe('what is wrong is said of each place', () => {
  test.each([
    ['several headers', () => extractHeaderToken(['a', 'b']), 'The request has several headers with a token'],
    ['a header', () => extractHeaderToken(['"a"']), 'The token header does not hold one bearer token'],
    ['a cookie', () => extractCookieToken(['token="a"'], 'token'), 'The cookie does not hold a bearer token'],
    [
      'a form',
      () => extractFormToken('"a"'),
      'The form parameter access_token does not hold one bearer token',
    ],
    ['two places', () => selectToken(['a', 'b']), 'The request carries several tokens that differ'],
  ])('%s', (_place, extract, message) => {
    expect(extract).toThrow(new InvalidRequestError(message));
  });

  test('the Authorization header', () => {
    expect(MALFORMED_AUTHORIZATION).toBe('The Authorization header does not hold one bearer token');
  });
});
