import { describe, expect, test } from '@jest/globals';
import { assertKeyBytes } from '../../src/keys/assert-key-bytes.js';
import { secretOf } from '../support/tokens.js';

describe('assertKeyBytes', () => {
  test.each([16, 24, 32])('takes %i bytes that differ', (length) => {
    expect(() => assertKeyBytes(secretOf(1).subarray(0, length), length, 'A key')).not.toThrow();
  });

  test.each([0, 1, 31, 33, 44, 64])('rejects %i bytes instead of 32, and reports both lengths', (length) => {
    expect(() => assertKeyBytes(Buffer.alloc(length, 'ab'), 32, 'A key')).toThrow(
      new TypeError(
        `A key must be 32 bytes (256 bits), not ${length}: generate one, for example with openssl rand -hex 32`,
      ),
    );
  });

  test.each([0x00, 0x41, 0xff])('rejects 32 bytes that are all %i', (byte) => {
    expect(() => assertKeyBytes(Buffer.alloc(32, byte), 32, 'A key')).toThrow(
      /^A key must be random, but all bytes are equal/,
    );
  });

  test('takes bytes of which one differs', () => {
    const bytes = Buffer.alloc(32);
    bytes[31] = 1;
    expect(() => assertKeyBytes(bytes, 32, 'A key')).not.toThrow();
  });
});
