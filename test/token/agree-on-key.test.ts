import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/base/json.js';
import { findPointFault } from '../../src/keys/find-point-fault.js';
import { agreeOnKey } from '../../src/token/agree-on-key.js';
import { thrownBy } from '../support/caught.js';
import { CURVES, createAgreementCodecKey } from '../support/codec-cases.js';
import { failuresOf } from '../support/failures-of.js';
import { untyped } from '../support/untyped.js';

/** A key of each curve, and the public key of a sender. */
const KEYS = new Map(
  CURVES.map((curve) => {
    const { key } = createAgreementCodecKey(curve);
    const epk: JsonObject = untyped(createAgreementCodecKey(curve).sealer.export({ format: 'jwk' }));
    if (key.type !== 'agreement') throw new Error('No key agreement');
    return [curve, { key, epk }] as const;
  }),
);

function settingOf(curve: (typeof CURVES)[number]) {
  const setting = KEYS.get(curve);
  if (setting === undefined) throw new Error('No such curve');
  return setting;
}

function derive(curve: (typeof CURVES)[number], header: object): string {
  return agreeOnKey(untyped(header), settingOf(curve).key)('A256GCM', 32).toString('hex');
}

describe.each(CURVES)('on %s', (curve) => {
  const { epk } = settingOf(curve);

  test('a key of the requested length is derived', () => {
    expect(derive(curve, { epk })).toMatch(/^[0-9a-f]{64}$/);
    expect(agreeOnKey({ epk }, settingOf(curve).key)('A256CBC-HS512', 64)).toHaveLength(64);
  });

  test('further members of epk change nothing', () => {
    const others = { kid: 'one', use: 'enc', alg: 'ECDH-ES', ext: true, key_ops: [], x5t: 'AAAA' };
    expect(derive(curve, { epk: { ...epk, ...others } })).toBe(derive(curve, { epk }));
  });

  test('epk with members of a private key or of another type is rejected', async () => {
    const members = ['d', 'n', 'e', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].concat(
      curve === 'X25519' ? ['y'] : [],
    );
    const failures = await failuresOf(members, (member) => {
      const header = { epk: { ...epk, [member]: 'AAAA' } };
      expect(thrownBy(() => derive(curve, header))).toMatchObject({ reason: 'header_invalid_member' });
    });
    expect(failures).toEqual([]);
  });

  test('epk of another type or curve, or off the curve, is rejected', async () => {
    const bytes = String(epk['x']).length;
    const zero = 'A'.repeat(bytes);
    const others = CURVES.filter((each) => each !== curve).map((each) => settingOf(each).epk);
    const relabelled = others
      .filter((other) => String(other['x']).length !== bytes)
      .map((other) => ({ ...other, kty: epk['kty'], crv: curve }));
    const faults = [
      ...[undefined, null, 'epk', [], {}, [epk]],
      ...others,
      ...relabelled,
      { ...epk, kty: 'RSA' },
      { ...epk, crv: 'secp256k1' },
      { ...epk, x: `A${String(epk['x'])}` },
      { ...epk, x: `${String(epk['x'])}=` },
      { ...epk, x: String(epk['x']).slice(0, -4) },
      { ...epk, x: zero, ...(curve === 'X25519' ? {} : { y: zero }) },
      { ...epk, x: '_'.repeat(bytes) },
      ...(curve === 'X25519'
        ? []
        : [
            { ...epk, y: epk['x'] },
            { ...epk, y: undefined },
          ]),
    ];
    const failures = await failuresOf(faults, (fault) => {
      expect(thrownBy(() => derive(curve, { epk: fault }))).toMatchObject({
        reason: 'header_invalid_member',
      });
    });
    expect(failures).toEqual([]);
  });

  test('epk for another use yields no key', async () => {
    const members = [
      ...[['deriveBits'], [7], 'deriveBits', null].map((operations) => ({ key_ops: operations })),
      ...['sig', '', 7, null].map((use) => ({ use })),
    ];
    const failures = await failuresOf(members, (each) => {
      expect(() => derive(curve, { epk: { ...epk, ...each } })).toThrow('use and key_ops');
    });
    expect(failures).toEqual([]);
  });
});

describe('apu and apv', () => {
  const { epk } = settingOf('P-256');

  test('change the key, each in its own way', () => {
    const headers = [{}, { apu: 'QQ' }, { apv: 'QQ' }, { apu: 'QQ', apv: 'Qg' }, { apu: 'Qg', apv: 'QQ' }];
    expect(new Set(headers.map((each) => derive('P-256', { epk, ...each }))).size).toBe(headers.length);
  });

  test('are rejected unless they are canonical base64url', async () => {
    const failures = await failuresOf([7, null, {}, ['QQ'], 'QR', 'QQ==', 'Q Q', '+/'], (value) => {
      for (const header of [{ apu: value }, { apv: value }]) {
        expect(thrownBy(() => derive('P-256', { epk, ...header }))).toMatchObject({
          reason: 'header_invalid_member',
        });
      }
    });
    expect(failures).toEqual([]);
  });

  test('yield no key if they are equal (RFC 7518 §4.6.2)', () => {
    expect(() => derive('P-256', { epk, apu: 'QQ', apv: 'QQ' })).toThrow('apu and apv');
  });
});

test('findPointFault() finds P-521 points that are not on the curve', () => {
  const { epk } = settingOf('P-521');
  expect(findPointFault('P-521', epk)).toBeUndefined();
  expect(findPointFault('P-521', { ...epk, y: epk['x'] })).toMatch('not a point on the curve');
});
