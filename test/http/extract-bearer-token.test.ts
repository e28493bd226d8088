import { describe, expect, test } from '@jest/globals';
import { InvalidRequestError } from '../../src/base/errors.js';
import {
  createBearerReader,
  extractCookieToken,
  extractFormToken,
  extractHeaderToken,
  isB64Token,
  MALFORMED_AUTHORIZATION,
  selectToken,
} from '../../src/http/extract-bearer-token.js';

const readBearer = createBearerReader(['Bearer']);

/** Reads a request with these Authorization headers. */
const read = (authorization: readonly string[]) => readBearer({ headers: { authorization } });

describe('a reader of the Authorization header', () => {
  test.each([['Bearer abc.def'], ['bearer abc.def'], ['BEARER   abc.def']])(
    'finds the token in %j',
    (header) => {
      expect(read([header])).toBe('abc.def');
    },
  );

  test('returns the credentials unchanged', () => {
    expect(read(['Bearer  a b'])).toBe('a b');
  });

  test('returns an empty string if nothing follows the scheme', () => {
    expect(read(['Bearer '])).toBe('');
  });

  test.each([[[]], [['']], [['Basic YTpi']], [['Bearerabc']], [['Bearer-x abc']], [['Token bearer abc']]])(
    'finds none in %j',
    (headers) => {
      expect(read(headers)).toBeUndefined();
    },
  );

  test.each([[['Bearer abc', 'Bearer abc']], [['Bearer abc', 'Basic YTpi']]])(
    'rejects several Authorization headers: %j',
    (headers) => {
      expect(() => read(headers)).toThrow('several Authorization headers');
    },
  );
});

describe('isB64Token', () => {
  test('accepts every character of a b64token', () => {
    expect(isB64Token('aZ09-._~+/==')).toBe(true);
  });

  test.each([[''], ['a b'], ['a,b'], ['"a"'], ['=a'], ['\tabc'], [':abc'], ['a\n'], ['é'], [undefined]])(
    'rejects %j',
    (value) => {
      expect(isB64Token(value)).toBe(false);
    },
  );
});

describe('extractHeaderToken', () => {
  test('takes the whole value as the token', () => {
    expect(extractHeaderToken(['abc'])).toBe('abc');
  });

  test('returns undefined if the header is absent', () => {
    expect(extractHeaderToken([])).toBeUndefined();
  });

  test.each([[['']], [['Bearer abc']], [['a', 'a']]])('rejects %j', (values) => {
    expect(() => extractHeaderToken(values)).toThrow(InvalidRequestError);
  });
});

describe('extractCookieToken', () => {
  test('finds the cookie of the exact name', () => {
    expect(extractCookieToken(['xtoken=no; token=abc', 'theme=dark'], 'token')).toBe('abc');
  });

  test.each([[[]], [['theme=dark']]])('finds none in %j', (headers) => {
    expect(extractCookieToken(headers, 'token')).toBeUndefined();
  });

  test('joins a token in numbered cookies, in the order of their numbers', () => {
    const parts = ['token.1=d', 'token.10=k', 'token.0=abc', 'token.2=e'];
    expect(extractCookieToken([parts.join('; ')], 'token')).toBe('abcde');
    expect(extractCookieToken(['token.1=d'], 'token')).toBeUndefined();
  });

  test('prefers a whole cookie to numbered ones', () => {
    expect(extractCookieToken(['token.0=old; token=abc'], 'token')).toBe('abc');
  });

  test('ignores a numbered cookie that contains no part of a token', () => {
    expect(extractCookieToken(['token.0={"a":1}'], 'token')).toBeUndefined();
  });

  test('rejects a numbered cookie with two values', () => {
    expect(() => extractCookieToken(['token.0=a; token.0=b'], 'token')).toThrow(InvalidRequestError);
  });

  test('accepts the same cookie sent twice', () => {
    expect(extractCookieToken(['token=abc; token=abc'], 'token')).toBe('abc');
  });

  test.each([[['token=']], [['token=""']], [['token="abc"']]])(
    'ignores the empty or quoted value in %j',
    (headers) => {
      expect(extractCookieToken(headers, 'token')).toBeUndefined();
      expect(extractCookieToken([...headers, 'token=abc'], 'token')).toBe('abc');
    },
  );

  test.each([[['token=abc; token=def']], [['token=a b']], [['token="abc']]])('rejects %j', (headers) => {
    expect(() => extractCookieToken(headers, 'token')).toThrow(InvalidRequestError);
  });
});

describe('extractFormToken', () => {
  test('takes the parameter', () => {
    expect(extractFormToken('abc')).toBe('abc');
  });

  test('returns undefined if the parameter is absent', () => {
    expect(extractFormToken(undefined)).toBeUndefined();
  });

  test.each([[['a', 'b']], [''], [{ a: 'b' }], [null], [1]])('rejects %j', (value) => {
    expect(() => extractFormToken(value)).toThrow(InvalidRequestError);
  });
});

describe('selectToken', () => {
  test('returns the only token', () => {
    expect(selectToken([undefined, 'abc', undefined])).toBe('abc');
  });

  test('accepts the same token sent by two methods', () => {
    expect(selectToken(['abc', 'abc'])).toBe('abc');
  });

  test('returns undefined if there is no token', () => {
    expect(selectToken([undefined, undefined])).toBeUndefined();
  });

  test('rejects two different tokens', () => {
    expect(() => selectToken(['abc', 'def'])).toThrow(InvalidRequestError);
  });
});

describe('the error names each location', () => {
  test.each([
    ['several headers', () => extractHeaderToken(['a', 'b']), 'The request has several token headers'],
    ['a header', () => extractHeaderToken(['"a"']), 'The token header must contain exactly one bearer token'],
    ['a cookie', () => extractCookieToken(['token=a b'], 'token'), 'The cookie must contain a bearer token'],
    [
      'a form',
      () => extractFormToken('"a"'),
      'The form parameter access_token must contain exactly one bearer token',
    ],
    ['two places', () => selectToken(['a', 'b']), 'The request contains different tokens'],
  ])('%s', (_place, extract, message) => {
    expect(extract).toThrow(new InvalidRequestError(message));
  });

  test('the Authorization header', () => {
    expect(MALFORMED_AUTHORIZATION).toBe('The Authorization header must contain exactly one bearer token');
  });
});
