import { describe, expect, test } from '@jest/globals';
import { InvalidTokenError } from '../../src/base/errors.js';
import { decryptJwe } from '../../src/token/decrypt-jwe.js';
import { thrownBy } from '../support/caught.js';
import {
  type CodecCase,
  createCodecCases,
  ENCRYPTIONS,
  openByCodec,
  openByJose,
  openIfValid,
  readJwe,
  sealByJose,
} from '../support/codec-cases.js';
import { failuresOf } from '../support/failures-of.js';
import { reseal } from '../support/seal-by-hand.js';

const TEXT = 'Grüße, 🦊';
const PLAINTEXT = Buffer.from(TEXT).toString('latin1');
const CASES = createCodecCases();
const BY_NAME = new Map(CASES.map((each) => [each.name, each]));
const ALL = [...BY_NAME.keys()];
const SEGMENTS = [0, 1, 2, 3, 4];

/** Each `alg` and curve once, with each `enc` in turn. */
const SOME = ALL.filter(
  (_name, index) => index % ENCRYPTIONS.length === Math.floor((index * 6) / ALL.length),
);

/** The cases with a name, so that failures print no keys. */
function eachCase(names: readonly string[], check: (each: CodecCase) => void | Promise<void>) {
  return failuresOf(names, (name) => {
    const each = BY_NAME.get(name);
    if (each === undefined) throw new Error('No such case');
    return check(each);
  });
}

function headerOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
}

function encode(header: object): string {
  return Buffer.from(JSON.stringify(header)).toString('base64url');
}

function flipBit(token: string, segment: number): string {
  const parts = token.split('.');
  const bytes = Buffer.from(parts[segment] ?? '', 'base64url');
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  parts[segment] = bytes.toString('base64url');
  return parts.join('.');
}

/** The header of a token with each member changed in each way that its type suggests. */
function alteredHeaders(token: string): readonly object[] {
  const header = headerOf(token);
  const others = [
    ...['dir', 'A128KW', 'A256KW', 'RSA-OAEP', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'].map((alg) => ({
      alg,
    })),
    ...['A128GCM', 'A256GCM', 'A128CBC-HS256', 'A256CBC-HS512'].map((enc) => ({ enc })),
    ...[{ kid: 'other' }, { typ: 'JWT' }, { apu: 'QQ' }, { apv: 'QQ' }, { epk: {} }, { x: 1 }],
    ...[{ iv: 'A'.repeat(16) }, { tag: 'A'.repeat(22) }],
  ];
  const removed = Object.keys(header).map((member) => ({ [member]: undefined }));
  return [...others, ...removed]
    .map((members) => ({ ...header, ...members }))
    .filter((altered) => JSON.stringify(altered) !== JSON.stringify(header));
}

describe('a token of jose', () => {
  test('is decrypted with every alg, enc and curve', async () => {
    const failures = await eachCase(ALL, async (each) => {
      expect(openByCodec(await sealByJose(each, TEXT), each.key)).toBe(PLAINTEXT);
    });
    expect(failures).toEqual([]);
  });

  test('is decrypted with apu and apv', async () => {
    const agreements = ALL.filter((name) => name.startsWith('ECDH-ES'));
    const failures = await eachCase(agreements, async (each) => {
      for (const parties of [{ apu: 'Alice' }, { apv: 'Bob' }, { apu: 'Alice', apv: 'Bob' }]) {
        const token = await sealByJose(each, TEXT, {}, parties);
        expect(Object.keys(headerOf(token))).toEqual(expect.arrayContaining(Object.keys(parties)));
        expect(openByCodec(token, each.key)).toBe(PLAINTEXT);
      }
    });
    expect(failures).toEqual([]);
  });

  test('is rejected by both if a bit of any segment changes', async () => {
    const failures = await eachCase(SOME, async (each) => {
      const token = await sealByJose(each, TEXT);
      for (const segment of SEGMENTS.filter((index) => token.split('.')[index] !== '')) {
        const altered = flipBit(token, segment);
        expect([segment, openIfValid(altered, each.key), await openByJose(altered, each)]).toEqual([
          segment,
          undefined,
          undefined,
        ]);
      }
    });
    expect(failures).toEqual([]);
  });

  test('is rejected by both if a header parameter changes', async () => {
    const failures = await eachCase(SOME, async (each) => {
      const token = await sealByJose(each, TEXT);
      for (const header of alteredHeaders(token)) {
        const altered = token.replace(/^[^.]*/, encode(header));
        expect([header, openIfValid(altered, each.key), await openByJose(altered, each)]).toEqual([
          header,
          undefined,
          undefined,
        ]);
      }
    });
    expect(failures).toEqual([]);
  });

  test('is accepted by jose whenever it is accepted with another header under the right tag', async () => {
    let accepted = 0;
    const failures = await eachCase(SOME, async (each) => {
      const token = await sealByJose(each, TEXT);
      for (const header of alteredHeaders(token)) {
        const altered = reseal(token, each, { header: encode(header), plaintext: TEXT });
        if (openIfValid(altered, each.key) === undefined) continue;
        accepted += 1;
        expect([header, await openByJose(altered, each)]).toEqual([header, PLAINTEXT]);
      }
    });
    expect(failures).toEqual([]);
    expect(accepted).toBeGreaterThan(2 * SOME.length);
  });
});

describe('every failure of decryption', () => {
  /** A failure, without its stack. */
  function describeFailure(token: string, each: CodecCase) {
    const error = thrownBy(() => openByCodec(token, each.key));
    if (!(error instanceof InvalidTokenError)) throw error;
    const { reason, message, code, status, cause, detail, token: identity } = error;
    return {
      reason,
      message,
      code,
      status,
      hasCause: 'cause' in error && cause !== undefined,
      detail,
      identity,
    };
  }

  const EXPECTED = {
    reason: 'decryption',
    message: 'The access token is not valid',
    code: 'ERR_INVALID_TOKEN',
    status: 401,
    hasCause: false,
    detail: {},
    identity: undefined,
  };

  test('has the same error, whichever segment is altered', async () => {
    const failures = await eachCase(ALL, async (each) => {
      const token = await sealByJose(each, TEXT);
      for (const segment of SEGMENTS.slice(1).filter((index) => token.split('.')[index] !== '')) {
        expect(describeFailure(flipBit(token, segment), each)).toEqual(EXPECTED);
      }
    });
    expect(failures).toEqual([]);
  });

  test('has the same error for an invalid CBC padding under a valid MAC', async () => {
    const failures = await eachCase(
      ALL.filter((name) => /^(dir|A256KW|RSA-OAEP-256|ECDH-ES P-256) .*CBC/.test(name)),
      async (each) => {
        const token = await sealByJose(each, TEXT);
        for (const padding of ['00', '01010102', '1111111111111111111111111111111111', 'ff']) {
          const filled = Buffer.concat([Buffer.alloc(15), Buffer.from(padding, 'hex')]).subarray(-16);
          const altered = reseal(token, each, { plaintext: Buffer.alloc(16), padding: filled });
          expect(describeFailure(altered, each)).toEqual(EXPECTED);
        }
      },
    );
    expect(failures).toEqual([]);
  });

  test('has the same error for an empty or truncated CBC ciphertext under a valid MAC', async () => {
    const each = CASES.find(({ name }) => name === 'A128KW A128CBC-HS256');
    if (each === undefined) throw new Error('No such case');
    const token = await sealByJose(each, TEXT);
    const none = Buffer.alloc(0);
    expect(describeFailure(reseal(token, each, { plaintext: none, padding: none }), each)).toEqual(EXPECTED);
  });
});

describe('a segment of the wrong length', () => {
  const cut = (token: string, segment: number) =>
    token
      .split('.')
      .map((part, index) => (index === segment ? withoutLastByte(part) : part))
      .join('.');
  const withoutLastByte = (part: string) =>
    Buffer.from(part, 'base64url').subarray(0, -1).toString('base64url');

  test.each([
    [2, 'iv_length'],
    [4, 'tag_length'],
  ])('is rejected before decryption: segment %i', async (segment, reason) => {
    const failures = await eachCase(ALL, async (each) => {
      const token = cut(await sealByJose(each, TEXT), segment);
      expect(thrownBy(() => decryptJwe(readJwe(token, each.key)))).toMatchObject({ reason });
    });
    expect(failures).toEqual([]);
  });

  test('is rejected before decryption: the encrypted key', async () => {
    const failures = await eachCase(ALL, async (each) => {
      const [header, encryptedKey = '', ...rest] = (await sealByJose(each, TEXT)).split('.');
      const longer = [header, `AAAA${encryptedKey}`, ...rest].join('.');
      expect(thrownBy(() => decryptJwe(readJwe(longer, each.key)))).toMatchObject({
        reason: 'encrypted_key',
      });
    });
    expect(failures).toEqual([]);
  });
});
