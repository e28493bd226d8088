import { describe, expect, test } from '@jest/globals';
import { keepHeader, readHeader } from '../../src/token/read-header.js';
import { thrownBy } from '../support/caught.js';
import { isDeeplyFrozen } from '../support/deeply-frozen.js';

const MOST = 256;

function encodedFor(kid: string): string {
  return Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid })).toString('base64url');
}

/** Keeps so many headers of keys that nothing else names. */
function keepMany(prefix: string, count: number): string[] {
  const encoded = Array.from({ length: count }, (_, index) => encodedFor(`${prefix}-${index}`));
  for (const each of encoded) keepHeader(readHeader(each));
  return encoded;
}

describe('a protected header', () => {
  test('comes with its own spelling, which the tag vouches for', () => {
    const { header, additionalData, isKnown } = readHeader(encodedFor('one'));
    expect(header).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 'one' });
    expect(additionalData.toString()).toBe(encodedFor('one'));
    expect(isKnown).toBe(false);
  });

  test('is read anew until it is kept', () => {
    const encoded = encodedFor('unkept');
    expect(readHeader(encoded).header).not.toBe(readHeader(encoded).header);
  });

  test('is not read again once it is kept', () => {
    const encoded = encodedFor('kept');
    const read = readHeader(encoded);
    keepHeader(read);
    const known = readHeader(encoded);
    expect(known).toEqual({ ...read, isKnown: true });
    expect(known.header).toBe(read.header);
    expect(readHeader(encoded)).toBe(known);
    expect([Object.isFrozen(known), isDeeplyFrozen(known.header)]).toEqual([true, true]);
  });

  test('is refused in another spelling, though it is kept', () => {
    const encoded = encodedFor('spelled');
    keepHeader(readHeader(encoded));
    expect(thrownBy(() => readHeader(`${encoded}=`))).toMatchObject({ reason: 'not_base64url' });
  });

  test('makes room where 256 newer ones are kept, and no sooner', () => {
    const encoded = keepMany('room', MOST);
    expect(encoded.every((each) => readHeader(each).isKnown)).toBe(true);
    keepMany('newer', 1);
    expect(encoded.map((each) => readHeader(each).isKnown)).toEqual([
      false,
      ...Array.from({ length: MOST - 1 }, () => true),
    ]);
  });

  test('pushes none out where it is kept already', () => {
    const encoded = keepMany('full', MOST);
    keepHeader(readHeader(encodedFor('full-1')));
    expect(encoded.every((each) => readHeader(each).isKnown)).toBe(true);
  });
});
