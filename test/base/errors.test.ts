import { describe, expect, test } from '@jest/globals';
import * as entry from 'passport-jwe';
import { PassportJweError } from 'passport-jwe';

const { ConfigurationError, InvalidTokenError, RateLimitExceededError, TemporarilyUnavailableError } = entry;

const ERRORS: readonly PassportJweError[] = [
  new entry.AccessDeniedError(),
  new ConfigurationError([]),
  new entry.InsufficientScopeError('read'),
  new entry.InvalidClientError('unknown_key'),
  new entry.InvalidDpopProofError('proof_missing', 401),
  new entry.InvalidGrantError('malformed'),
  new entry.InvalidRequestError('The body cannot be read', { status: 413 }),
  new entry.InvalidScopeError(),
  new entry.InvalidTargetError(),
  new InvalidTokenError('expired'),
  new entry.MissingCredentialsError(),
  new RateLimitExceededError(1),
  new TemporarilyUnavailableError(),
  new entry.UnauthorizedClientError(),
  new entry.UnsupportedGrantTypeError(),
  new entry.UnsupportedTokenTypeError(),
  new entry.UseDpopNonceError('nonce', 401),
];

test('every exported error is covered', () => {
  const names = Object.keys(entry).filter((name) => name.endsWith('Error') && name !== 'PassportJweError');

  expect(ERRORS.map(({ name }) => name).sort()).toEqual(names.sort());
});

describe.each(ERRORS.map((error) => [error.name, error] as const))('%s', (name, error) => {
  test('is a PassportJweError and has the name of its class', () => {
    expect(error).toBeInstanceOf(PassportJweError);
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain(name);
  });

  test('has a stable code', () => {
    expect(error.code).toMatch(/^ERR_[A-Z_]+$/);
  });

  test('has one status under both names', () => {
    expect(error.status).toBeGreaterThanOrEqual(400);
    expect(error.statusCode).toBe(error.status);
  });

  test('has response headers', () => {
    expect(Object.values(error.headers).every((value) => typeof value === 'string')).toBe(true);
  });

  test('exposes its message below status 500 only', () => {
    expect(error.expose).toBe(error.status < 500);
  });
});

test('server errors do not expose their message', () => {
  expect([new ConfigurationError([]).expose, new TemporarilyUnavailableError().expose]).toEqual([
    false,
    false,
  ]);
  expect([new InvalidTokenError('expired').expose, new RateLimitExceededError(1).expose]).toEqual([
    true,
    true,
  ]);
});
