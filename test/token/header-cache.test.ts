import { describe, expect, test } from '@jest/globals';
import { cacheHeader, readHeader } from '../../src/token/protected-header.js';
import { thrownBy } from '../support/caught.js';
import { isDeeplyFrozen } from '../support/deeply-frozen.js';

const MOST = 256;

function encodedFor(kid: string): string {
  return Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid })).toString('base64url');
}

/** Caches headers of distinct keys. */
function cacheMany(prefix: string, count: number): string[] {
  const encoded = Array.from({ length: count }, (_, index) => encodedFor(`${prefix}-${index}`));
  for (const each of encoded) cacheHeader(readHeader(each));
  return encoded;
}

describe('a protected header in the cache', () => {
  test('comes with its encoded form, which the tag authenticates', () => {
    const { header, additionalData, isCached } = readHeader(encodedFor('one'));
    expect(header).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 'one' });
    expect(additionalData.toString()).toBe(encodedFor('one'));
    expect(isCached).toBe(false);
  });

  test('is parsed again until it is cached', () => {
    const encoded = encodedFor('uncached');
    expect(readHeader(encoded).header).not.toBe(readHeader(encoded).header);
  });

  test('is not parsed again after it is cached', () => {
    const encoded = encodedFor('cached');
    const read = readHeader(encoded);
    cacheHeader(read);
    const cached = readHeader(encoded);
    expect(cached).toEqual({ ...read, isCached: true });
    expect(cached.header).toBe(read.header);
    expect(readHeader(encoded)).toBe(cached);
    expect([Object.isFrozen(cached), isDeeplyFrozen(cached.header)]).toEqual([true, true]);
  });

  test('is rejected in another encoding, although it is cached', () => {
    const encoded = encodedFor('spelled');
    cacheHeader(readHeader(encoded));
    expect(thrownBy(() => readHeader(`${encoded}=`))).toMatchObject({ reason: 'not_base64url' });
  });

  test('is evicted by the 256th newer header, and no sooner', () => {
    const encoded = cacheMany('room', MOST);
    expect(encoded.every((each) => readHeader(each).isCached)).toBe(true);
    cacheMany('newer', 1);
    expect(encoded.map((each) => readHeader(each).isCached)).toEqual([
      false,
      ...Array.from({ length: MOST - 1 }, () => true),
    ]);
  });

  test('evicts no other if it is cached already', () => {
    const encoded = cacheMany('full', MOST);
    cacheHeader(readHeader(encodedFor('full-1')));
    expect(encoded.every((each) => readHeader(each).isCached)).toBe(true);
  });
});
