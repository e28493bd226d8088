import { describe, expect, test } from '@jest/globals';
import { createAddressSet } from '../../src/base/address-set.js';

describe('createAddressSet()', () => {
  test('contains single addresses and the addresses of blocks', () => {
    const set = createAddressSet(['192.0.2.7', '10.0.3.0/24', '::1', 'fd00::/8'], 'f: option');
    const members = ['192.0.2.7', '10.0.3.255', '::1', 'fd12::1', '::ffff:10.0.3.1', '::ffff:c000:207'];
    const others = ['192.0.2.8', '10.0.4.1', '::2', 'fe80::1', '', 'unknown', undefined];

    expect(members.filter((address) => !set.has(address))).toEqual([]);
    expect(others.filter((address) => set.has(address))).toEqual([]);
  });

  test('gives the same answer again', () => {
    const set = createAddressSet(['10.0.3.0/24'], 'f: option');

    const asked = ['10.0.3.1', '10.0.3.1', '10.0.4.1', '10.0.4.1'];

    expect(asked.map((address) => set.has(address))).toEqual([true, true, false, false]);
  });

  test('accepts an IPv4-mapped address as the IPv4 address', () => {
    expect(createAddressSet(['::ffff:192.0.2.7'], 'f: option').has('192.0.2.7')).toBe(true);
  });

  test('rejects malformed entries, and blocks that contain foreign networks', () => {
    const rejected = [
      ...[undefined, null, '10.0.0.1', {}, [], [1], [''], ['localhost'], ['10.0.0.1:80'], ['[::1]']],
      ...[
        '0.0.0.0/0',
        '::/0',
        '10.0.0.0/7',
        'fc00::/6',
        '10.0.0.0/33',
        '::1/129',
        '10.0.0.0/',
        '10.0.0.0/a',
      ].map((entry) => [entry]),
      ...[['10.0.0.0/8/8'], ['::ffff:10.0.0.0/104'], ['::1', '0.0.0.0/0'], ['10.0.0.0/-8'], ['10.0.0.0/8.5']],
    ];
    const accepted = rejected.filter((entries) => {
      try {
        return createAddressSet(entries, 'f: option') !== undefined;
      } catch (error) {
        return !(
          error instanceof TypeError && error.message.startsWith('f: option must be a non-empty array')
        );
      }
    });

    expect(accepted).toEqual([]);
  });
});
