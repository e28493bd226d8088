import { describe, expect, test } from '@jest/globals';
import {
  AccessDeniedError,
  InsufficientScopeError,
  InvalidRequestError,
  InvalidTokenError,
  MissingCredentialsError,
  type PassportJweError,
  RateLimitExceededError,
  TemporarilyUnavailableError,
} from '../../src/base/errors.js';
import type { TokenRejection } from '../../src/base/rejections.js';
import { type ChallengeOptions, createChallengeWriter } from '../../src/http/write-challenge.js';
import { untyped } from '../support/untyped.js';

const write = (error: PassportJweError, options: ChallengeOptions = {}) =>
  createChallengeWriter(options, 'authenticate')(error);

describe('the challenge', () => {
  test.each<[string, PassportJweError, string]>([
    ['missing credentials', new MissingCredentialsError(), 'Bearer realm="api"'],
    [
      'a malformed request',
      new InvalidRequestError('The request has several Authorization headers'),
      'Bearer realm="api", error="invalid_request", error_description="The request has several Authorization headers"',
    ],
    [
      'an expired token',
      new InvalidTokenError('expired'),
      'Bearer realm="api", error="invalid_token", error_description="The access token expired"',
    ],
    [
      'a missing scope',
      new InsufficientScopeError('read:documents write:documents'),
      'Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope that this resource requires", scope="read:documents write:documents"',
    ],
    [
      'a guard that is not satisfied',
      new AccessDeniedError(),
      'Bearer realm="api", error="access_denied", error_description="The access token does not grant access to this resource"',
    ],
    [
      'a guard with its own message',
      new AccessDeniedError("It's closed: (sorry) #1"),
      'Bearer realm="api", error="access_denied", error_description="It\'s closed: (sorry) #1"',
    ],
  ])('for %s', (_, error, challenge) => {
    expect(write(error)).toBe(challenge);
  });

  test.each<TokenRejection>([
    'too_long',
    'segment_count',
    'not_base64url',
    'header_refused_member',
    'unknown_key',
    'expired_key',
    'algorithm',
    'decryption',
    'claim_missing',
    'claim_malformed',
    'scope_conflict',
    'not_yet_valid',
    'issued_in_future',
    'too_old',
    'wrong_issuer',
    'wrong_audience',
    'wrong_environment',
    'wrong_typ',
    'refresh_token',
    'unknown_type',
    'key_bound',
    'revoked',
    'no_user',
  ])('is the same for every token that is not valid: %s', (reason) => {
    expect(write(new InvalidTokenError(reason, new Error('private')))).toBe(
      'Bearer realm="api", error="invalid_token", error_description="The access token is not valid"',
    );
  });

  test.each<[string, PassportJweError]>([
    ['a limit', new RateLimitExceededError(30)],
    ['an outage', new TemporarilyUnavailableError()],
    ['a wrong method', new InvalidRequestError('x', { status: 405 })],
    ['a body that is too large', new InvalidRequestError('x', { status: 413 })],
    ['a wrong media type', new InvalidRequestError('x', { status: 415 })],
  ])('is not written for %s', (_, error) => {
    expect(write(error, { resourceMetadata: 'https://api.example.com/meta' })).toBeUndefined();
  });
});

describe('values that a challenge cannot contain', () => {
  test.each(['say "hi"', 'a\\b', 'a\r\nSet-Cookie: x=y', 'a\nb', 'a\tb', 'a\0b', 'café', '😀', '\x7f', ''])(
    'is left out of the description: %j',
    (description) => {
      expect(write(new AccessDeniedError(description))).toBe(
        'Bearer realm="api", error="access_denied", error_description="See the response body"',
      );
    },
  );

  test.each(['read", realm="evil', 'read\r\nSet-Cookie: x=y', 'a\\b', 'café', '😀'])(
    'is left out of the scope: %j',
    (scope) => {
      expect(write(new InsufficientScopeError(scope)) ?? '').toMatch(
        /^Bearer realm="api", error="insufficient_scope", error_description="[^"\\]*"(, scope="[\x20-\x21\x23-\x5b\x5d-\x7e]*")?$/,
      );
    },
  );
});

describe('realm', () => {
  test.each(['Example API', 'a', "it's: [fine] #1"])('%j is written', (realm) => {
    expect(write(new MissingCredentialsError(), { realm })).toBe(`Bearer realm="${realm}"`);
  });

  test.each([[''], ['a "b"'], ['a\\b'], ['a\r\nb'], ['a\tb'], ['é'], [1], [null], [['a']]])(
    '%j is rejected at construction',
    (realm) => {
      expect(() => createChallengeWriter(untyped({ realm }), 'authenticate')).toThrow(
        new TypeError(
          'authenticate: realm must be a string of printable ASCII without quotes or backslashes, for example "api"',
        ),
      );
    },
  );
});

describe('resourceMetadata', () => {
  const URL_OF_METADATA = 'https://api.example.com/.well-known/oauth-protected-resource';

  test.each<[number, PassportJweError]>([
    [401, new MissingCredentialsError()],
    [400, new InvalidRequestError('x')],
    [401, new InvalidTokenError('expired')],
    [403, new InsufficientScopeError('read')],
    [403, new AccessDeniedError()],
  ])('is in every challenge: %d', (_, error) => {
    const challenge = write(error, { resourceMetadata: URL_OF_METADATA });
    expect(challenge).toBe(`${write(error)}, resource_metadata="${URL_OF_METADATA}"`);
  });

  test.each([
    ['https://api.example.com', 'https://api.example.com/'],
    ['http://localhost:3000/meta', 'http://localhost:3000/meta'],
    ['http://127.0.0.1/meta', 'http://127.0.0.1/meta'],
    ['http://[::1]:3000/meta', 'http://[::1]:3000/meta'],
    ['https://api.example.com/a"b c', 'https://api.example.com/a%22b%20c'],
    ['https://api.example.com/é', 'https://api.example.com/%C3%A9'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['https://api.example.com/a\r\nb', 'https://api.example.com/ab'],
  ])('%j is written as %s', (resourceMetadata, written) => {
    expect(write(new MissingCredentialsError(), { resourceMetadata })).toBe(
      `Bearer realm="api", resource_metadata="${written}"`,
    );
  });

  test.each([
    [''],
    ['/.well-known/oauth-protected-resource'],
    ['api.example.com'],
    ['http://api.example.com'],
    ['http://localhost.example.com'],
    ['ftp://localhost/meta'],
    ['javascript:alert(1)'],
    ['https://api.example.com/?a\\b'],
    [1],
    [null],
  ])('%j is rejected at construction', (resourceMetadata) => {
    expect(() => createChallengeWriter(untyped({ resourceMetadata }), 'authenticate')).toThrow(
      new TypeError(
        'authenticate: resourceMetadata must be an absolute https URL (http on loopback only): pass protectedResourceUrl(...)',
      ),
    );
  });
});
