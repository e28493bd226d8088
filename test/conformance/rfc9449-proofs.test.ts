import { createHmac, sign } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  acceptDpop,
  callResource,
  createDpopParty,
  DPOP_SERVERS,
  type DpopCall,
  type DpopParty,
  RESOURCE,
} from '../support/dpop-resource.js';
import { createProof, createProofSigner } from '../support/dpop-proofs.js';
import { sendRaw } from '../support/http.js';
import { mintToken, NOW } from '../support/tokens.js';

let party: DpopParty;

beforeAll(async () => {
  party = await createDpopParty();
});

/** The adapters that differ in how they read requests. The failure table covers all of them. */
const SERVERS = DPOP_SERVERS.filter(({ name }) => !name.includes('failWithError'));

/** Value of a challenge attribute. */
function attribute(headers: Readonly<Record<string, unknown>>, name: string): string | undefined {
  return new RegExp(`${name}="([^"]*)"`).exec(String(headers['www-authenticate']))?.[1];
}

describe.each(SERVERS)('RFC 9449 §4.3, checking proofs, through $name', ({ createApp }) => {
  let app: RequestListener;
  const call = (options: DpopCall = {}) => callResource(app, party, options);

  /** Faults of the proofs that are accepted, or rejected with a different error. */
  const notRejected = async (calls: Readonly<Record<string, DpopCall>>, error = 'invalid_dpop_proof') => {
    const wrong: string[] = [];
    for (const [fault, options] of Object.entries(calls)) {
      const { status, headers } = await call(options);
      const found = `${status} ${attribute(headers, 'error')}`;
      if (found !== `401 ${error}`) wrong.push(`${fault}: ${found}`);
    }
    return wrong;
  };
  const changed = (change: (proof: string) => string): DpopCall => ({
    proof: change(createProof(party.signer, { url: RESOURCE, token: party.bound })),
  });

  beforeAll(() => {
    app = createApp(acceptDpop(party.keyRing));
  });

  test('a proof that passes every check is accepted', async () => {
    expect((await call()).status).toBe(200);
  });

  test('§4.3 (1): there MUST NOT be more than one DPoP field', async () => {
    const proofs = [1, 2].map(() => createProof(party.signer, { url: RESOURCE, token: party.bound }));
    const lines = ['GET /resource HTTP/1.1', `Authorization: DPoP ${party.bound}`];
    const separate = await sendRaw(app, [...lines, ...proofs.map((proof) => `DPoP: ${proof}`)]);
    const same = await sendRaw(app, [...lines, `DPoP: ${proofs[0]}`, `dpop: ${proofs[0]}`]);
    const joined = await sendRaw(app, [...lines, `DPoP: ${proofs.join(', ')}`]);
    const none = await sendRaw(app, lines);

    expect([separate, same, joined, none].map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  });

  test('§4.3 (2): the value MUST be a single, well-formed JWT', async () => {
    const wrong = await notRejected({
      empty: { proof: '' },
      'not a JWT': { proof: 'abc' },
      'without signature': changed((proof) => proof.replace(/\.[^.]*$/, '')),
      'an empty signature': changed((proof) => proof.replace(/[^.]*$/, '')),
      'four parts': changed((proof) => `${proof}.AAAA`),
      'a header that is not base64url': changed((proof) => `=${proof}`),
      'a header that is not JSON': changed((proof) => proof.replace(/^[^.]*/, 'AAAA')),
      'a payload that is an array': changed((proof) => proof.replace(/\.[^.]*\./, '.W10.')),
      'a comma': changed((proof) => `${proof},`),
      'a critical extension': { header: { crit: ['b64'], b64: true } },
      'an unencoded payload': { header: { crit: ['b64'], b64: false } },
      'too long': { claims: { jti: 'a'.repeat(5000) } },
    });

    expect(wrong).toEqual([]);
  });

  test('§4.3 (3): all required claims MUST be present, with their types', async () => {
    const values = [undefined, null, '', 7, true, {}, ['a']];
    const dates = [undefined, null, '', 'now', String(NOW), -1, 1e300, true, {}, [NOW]];
    const wrong = await notRejected(
      Object.fromEntries([
        ...['jti', 'htm', 'htu'].flatMap((name) =>
          values.map((value) => [`${name} ${JSON.stringify(value)}`, { claims: { [name]: value } }] as const),
        ),
        ...dates.map((iat) => [`iat ${JSON.stringify(iat)}`, { claims: { iat } }] as const),
      ]),
    );

    expect(wrong).toEqual([]);
  });

  test('§4.3 (4): typ MUST be dpop+jwt', async () => {
    const types = [undefined, null, '', 'JWT', 'at+jwt', 'DPOP+JWT', 'application/dpop+jwt', 7, ['dpop+jwt']];
    const wrong = await notRejected(
      Object.fromEntries(types.map((typ) => [JSON.stringify(typ) ?? 'absent', { header: { typ } }])),
    );

    expect(wrong).toEqual([]);
  });

  test('§4.3 (5): alg MUST be an accepted asymmetric algorithm, and not none', async () => {
    const algorithms = [undefined, null, '', 'none', 'None', 'HS256', 'HS512', 'es256', 'RS384', 'ES256K', 7];
    const wrong = await notRejected({
      ...Object.fromEntries(algorithms.map((alg) => [JSON.stringify(alg) ?? 'absent', { header: { alg } }])),
      'HS256 with the public key as secret': changed((proof) => {
        const [, payload] = proof.split('.');
        const { jwk } = party.signer;
        const header = { typ: 'dpop+jwt', alg: 'HS256', jwk };
        const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
        return `${input}.${createHmac('sha256', JSON.stringify(jwk)).update(input).digest('base64url')}`;
      }),
      'none without signature': changed((proof) => {
        const header = { typ: 'dpop+jwt', alg: 'none', jwk: party.signer.jwk };
        return proof
          .replace(/^[^.]*/, Buffer.from(JSON.stringify(header)).toString('base64url'))
          .replace(/[^.]*$/, '');
      }),
    });

    expect(wrong).toEqual([]);
  });

  test('§4.3 (5): algorithms that the configuration omits are rejected', async () => {
    const strict = createApp(acceptDpop(party.keyRing, { algorithms: ['EdDSA'] }));
    const edwards = createProofSigner('EdDSA');
    const bound = mintToken(party.keyRing, { claims: { cnf: { jkt: edwards.jkt } } });

    expect((await callResource(strict, party)).status).toBe(401);
    expect((await callResource(strict, { signer: edwards, bound })).status).toBe(200);
  });

  test('§4.3 (6): the signature MUST verify with the public key in jwk', async () => {
    const other = createProofSigner();
    const wrong = await notRejected({
      'signed by a different key': {
        proof: createProof(
          { ...party.signer, privateKey: other.privateKey },
          { url: RESOURCE, token: party.bound },
        ),
      },
      'a changed payload': changed((proof) => {
        const [header, payload = '', signature] = proof.split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
        const changedClaims = Buffer.from(JSON.stringify({ ...claims, jti: 'other' })).toString('base64url');
        return [header, changedClaims, signature].join('.');
      }),
      'a signature in DER': changed((proof) => {
        const input = proof.replace(/\.[^.]*$/, '');
        const der = sign('sha256', Buffer.from(input), party.signer.privateKey);
        return `${input}.${der.toString('base64url')}`;
      }),
      'a signature of zeros': changed((proof) =>
        proof.replace(/[^.]*$/, Buffer.alloc(64).toString('base64url')),
      ),
      'a signature in a different spelling': changed((proof) => `${proof}=`),
    });

    expect(wrong).toEqual([]);
  });

  test('§4.3 (7): jwk MUST NOT contain a private key', async () => {
    const { jwk, privateKey } = party.signer;
    const members = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
    const wrong = await notRejected({
      'its private key': { header: { jwk: privateKey.export({ format: 'jwk' }) } },
      ...Object.fromEntries(members.map((name) => [name, { header: { jwk: { ...jwk, [name]: 'AAAA' } } }])),
      'a symmetric key': { header: { jwk: { kty: 'oct', k: 'AAAA' } } },
    });

    expect(wrong).toEqual([]);
  });

  test('§4.3 (8): htm MUST match the method of the request', async () => {
    const methods = ['POST', 'get', 'Get', 'GET ', 'HEAD', '*'];
    const wrong = await notRejected(Object.fromEntries(methods.map((method) => [method, { method }])));

    expect(wrong).toEqual([]);
  });

  test('§4.3 (9): htu MUST match the URI of the request', async () => {
    const urls = [
      'https://api.example.com/',
      'https://api.example.com/resource/',
      'https://api.example.com/Resource',
      'https://api.example.com//resource',
      'http://api.example.com/resource',
      'https://api.example.com:8443/resource',
      'https://api.example.com.evil.com/resource',
      'https://evil.com/resource',
      'https://127.0.0.1/resource',
      'https://user@api.example.com/resource',
      'https://api.example.com@evil.com/resource',
      '/resource',
      '//api.example.com/resource',
      'resource',
      'ftp://api.example.com/resource',
      'https://api.example.com/resource%2F',
    ];
    const wrong = await notRejected(Object.fromEntries(urls.map((url) => [url, { url }])));

    expect(wrong).toEqual([]);
  });

  test('§4.3 (9): query and fragment parts of htu are ignored', async () => {
    const parts = ['?a=b', '#c', '?a=b#c', '?', '#'];
    const statuses = await Promise.all(
      parts.map(async (part) => (await call({ url: RESOURCE + part })).status),
    );

    expect(statuses).toEqual(parts.map(() => 200));
  });

  test('§4.3: htu SHOULD be compared after syntax-based and scheme-based normalization', async () => {
    const urls = [
      'HTTPS://API.EXAMPLE.COM/resource',
      'https://api.example.com:443/resource',
      'https://api.example.com/%72esource',
      'https://api.example.com/a/../resource',
      'https://api.example.com/./resource',
      'https://api.example.com/%2e/resource',
    ];
    const statuses = await Promise.all(urls.map(async (url) => (await call({ url })).status));

    expect(statuses).toEqual(urls.map(() => 200));
  });

  test('§4.3 (10): if the server provides nonces, the nonce MUST match', async () => {
    const demanding = createApp(acceptDpop(party.keyRing, { nonce: true }));
    const first = await callResource(demanding, party);
    const nonce = String(first.headers['dpop-nonce']);
    const other = nonce.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    const wrong = await Promise.all(
      [undefined, '', other, `${nonce}A`, 7].map((value) =>
        callResource(demanding, party, { claims: { nonce: value } }),
      ),
    );
    const right = await callResource(demanding, party, { claims: { nonce } });

    expect(wrong.map(({ headers }) => attribute(headers, 'error'))).toEqual([
      ...['use_dpop_nonce', 'use_dpop_nonce', 'use_dpop_nonce', 'use_dpop_nonce', 'invalid_dpop_proof'],
    ]);
    expect(right.status).toBe(200);
  });

  test('§4.3 (11): the creation time MUST be in the accepted window', async () => {
    const wrong = await notRejected({
      'too old': { claims: { iat: NOW - 65 } },
      'an hour old': { claims: { iat: NOW - 3600 } },
      'in the future': { claims: { iat: NOW + 6 } },
      milliseconds: { claims: { iat: NOW * 1000 } },
    });
    const edges = await Promise.all([NOW - 64.5, NOW + 5].map(async (iat) => call({ claims: { iat } })));

    expect(wrong).toEqual([]);
    expect(edges.map(({ status }) => status)).toEqual([200, 200]);
  });

  test('§4.3 (12a): ath MUST be the hash of the access token', async () => {
    const other = mintToken(party.keyRing, { claims: { cnf: { jkt: party.signer.jkt }, jti: 'other' } });
    const wrong = await notRejected({
      'of a different token': { token: other, sent: party.bound },
      absent: { claims: { ath: undefined } },
      'in hexadecimal': { claims: { ath: Buffer.from('a').toString('hex') } },
      'the token itself': { claims: { ath: party.bound } },
    });

    expect(wrong).toEqual([]);
  });

  test('§4.3 (12b): the access token MUST be bound to the public key of the proof', async () => {
    const { status, headers } = await callResource(app, { ...party, signer: createProofSigner() });

    expect([status, attribute(headers, 'error')]).toEqual([401, 'invalid_token']);
  });
});
