import { describe, expect, test } from '@jest/globals';
import { InvalidTokenError } from '../../src/base/errors.js';
import { assertAscii, decodeBase64url, SegmentDecoder } from '../../src/token/compact-serialization.js';
import { thrownBy } from '../support/caught.js';

const shared = new SegmentDecoder(8);

function decodeShared(segment: string): Buffer {
  assertAscii(segment);
  return shared.decode(segment);
}

describe.each([
  ['decodeBase64url', decodeBase64url],
  ['SegmentDecoder', decodeShared],
])('%s', (_name, decode) => {
  test.each([
    ['', ''],
    ['Zg', 'f'],
    ['Zm8', 'fo'],
    ['Zm9v', 'foo'],
    ['Zm9vYmFy', 'foobar'],
  ])('decodes %j to %j (RFC 4648 §10, without padding)', (segment, text) => {
    expect(decode(segment).toString()).toBe(text);
  });

  test('decodes the two characters of its own alphabet (RFC 7515 appendix C)', () => {
    expect([...decode('A-z_4ME')]).toEqual([3, 236, 255, 224, 193]);
  });

  test.each([
    ['padding', 'Zg=='],
    ['padding', 'Zm8='],
    ['the +/ alphabet', 'A+z/4ME'],
    ['stray bits in the last of two characters', 'Zh'],
    ['stray bits in the last of three characters', 'Zm9'],
    ['a single character', 'Z'],
    ['five characters', 'Zm9vY'],
    ['a space', 'Zm 9v'],
    ['a leading space', ' Zm9v'],
    ['a line end', 'Zm9v\n'],
    ['a carriage return', 'Zm9v\r\n'],
    ['a tab', '\tZm9v'],
    ['NUL', 'Zm9v\u0000'],
    ['a byte order mark', '\ufeffZm9v'],
    ['a character beyond ASCII', 'Zm9é'],
    ['a full-width letter', 'Zm9ｖ'],
    ['a character beyond the BMP', 'Zm9v😀'],
    ['a percent sign', 'Zm9v%3D'],
    ['a comma', 'Zm9,'],
  ])('rejects %s: %j', (_what, segment) => {
    const error = thrownBy(() => decode(segment));
    expect(error).toBeInstanceOf(InvalidTokenError);
    expect(error).toMatchObject({ reason: 'not_base64url' });
  });

  test('accepts one spelling of the same bytes: unused bits must be zero', () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    const accepted = (prefix: string) =>
      alphabet.filter((last) => {
        try {
          return decode(prefix + last).length > 0;
        } catch {
          return false;
        }
      });
    expect(accepted('Z')).toEqual(['A', 'Q', 'g', 'w']);
    expect(accepted('Zm')).toHaveLength(16);
    expect(accepted('Zm9')).toHaveLength(64);
    expect([...accepted(''), ...accepted('Zm9v')]).toEqual([]);
  });
});

describe('SegmentDecoder', () => {
  test('decodes one segment after the other into the same memory', () => {
    const decoder = new SegmentDecoder(3);
    const [whole, shorter] = [decoder.decode('Zm9v'), decoder.decode('Yg')];
    expect([whole.buffer, whole.byteOffset]).toEqual([shorter.buffer, shorter.byteOffset]);
    expect([whole.toString(), shorter.toString()]).toEqual(['boo', 'b']);
  });

  test('returns nothing of a longer previous segment', () => {
    const decoder = new SegmentDecoder(6);
    decoder.decode('Zm9vYmFy');
    expect([...decoder.decode('')]).toEqual([]);
    expect(decoder.decode('Zg').toString()).toBe('f');
  });

  test('decodes a segment that exceeds its buffer into a separate one', () => {
    const decoder = new SegmentDecoder(3);
    const [own, kept] = [decoder.decode('Zm9vYg'), decoder.decode('Zm9v')];
    expect([own.toString(), kept.toString()]).toEqual(['foob', 'foo']);
    expect(thrownBy(() => decoder.decode('Zm9vYh'))).toMatchObject({ reason: 'not_base64url' });
  });
});
