import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import { authenticate } from 'passport-jwe';
import { createTargetMatcher } from '../../../src/verify/dpop/proof-target.js';
import { createProof } from '../../support/dpop-proofs.js';
import { acceptDpop, createDpopParty, type DpopParty } from '../../support/dpop-resource.js';
import { listen, sendRawTo } from '../../support/http.js';

/** Base URL, `htu` and request target. */
type Case = readonly [baseUrl: string, htu: string, target: string];

const ORIGIN = 'https://api.example.com';

function matches([baseUrl, htu, target]: Case): boolean {
  return createTargetMatcher(baseUrl, 'dpop.baseUrl')(htu, { url: target });
}

const EQUAL: readonly Case[] = [
  [ORIGIN, `${ORIGIN}/a`, '/a'],
  [ORIGIN, `${ORIGIN}/a`, '/a?b=c'],
  [ORIGIN, `${ORIGIN}/a?x=y#z`, '/a?b=c'],
  [`${ORIGIN}/`, `${ORIGIN}/a`, '/a'],
  [ORIGIN, ORIGIN, '/'],
  [ORIGIN, `${ORIGIN}?a`, '/'],
  // Case and default ports (RFC 3986 §6.2.2.1, §6.2.3).
  [ORIGIN, 'HTTPS://API.example.COM/a', '/a'],
  ['HTTPS://API.example.COM', `${ORIGIN}/a`, '/a'],
  [ORIGIN, `${ORIGIN}:443/a`, '/a'],
  [`${ORIGIN}:443`, `${ORIGIN}/a`, '/a'],
  ['http://localhost:80', 'http://localhost/a', '/a'],
  ['http://localhost:3000', 'http://localhost:3000/a', '/a'],
  ['http://[::1]:3000', 'http://[0:0::1]:3000/a', '/a'],
  // Internationalized domain names.
  ['https://bücher.example', 'https://xn--bcher-kva.example/a', '/a'],
  ['https://xn--bcher-kva.example', 'https://BÜCHER.example/a', '/a'],
  // Percent-encoding (RFC 3986 §6.2.2.2).
  [ORIGIN, `${ORIGIN}/%61/%7e`, '/a/~'],
  [ORIGIN, `${ORIGIN}/a%2fb`, '/a%2Fb'],
  [ORIGIN, `${ORIGIN}/bücher`, '/b%C3%BCcher'],
  [ORIGIN, `${ORIGIN}/b%c3%bccher`, '/b\u00c3\u00bccher'],
  [ORIGIN, `${ORIGIN}/a b`, '/a%20b'],
  [ORIGIN, `${ORIGIN}/a|b`, '/a%7Cb'],
  // A client sends the path without dot segments.
  [ORIGIN, `${ORIGIN}/x/../a`, '/a'],
  [ORIGIN, `${ORIGIN}/%2e/a`, '/a'],
  [ORIGIN, `${ORIGIN}/x/../a`, '/x/../a'],
  // A proxy removes the prefix.
  [`${ORIGIN}/v1`, `${ORIGIN}/v1/a`, '/a'],
  [`${ORIGIN}/v1/`, `${ORIGIN}/v1/a`, '/a'],
  [`${ORIGIN}/v1`, `${ORIGIN}/v1/`, '/'],
  [`${ORIGIN}/v1`, `${ORIGIN}/v1`, '/'],
  [`${ORIGIN}/v1`, `${ORIGIN}/v1?a`, '/?a'],
  [`${ORIGIN}/b%C3%BC`, `${ORIGIN}/bü/a`, '/a'],
  // The absolute form (RFC 9112 §3.2.2).
  [ORIGIN, `${ORIGIN}/a`, 'https://api.example.com/a'],
  [ORIGIN, `${ORIGIN}/a`, 'http://evil.example/a?b'],
  [ORIGIN, `${ORIGIN}/`, 'HTTP://evil.example'],
  [ORIGIN, `${ORIGIN}//evil.example/a`, '//evil.example/a'],
];

const DIFFERENT: readonly Case[] = [
  [ORIGIN, `${ORIGIN}/a`, '/a/'],
  [ORIGIN, `${ORIGIN}/a/`, '/a'],
  [ORIGIN, `${ORIGIN}/A`, '/a'],
  [ORIGIN, `${ORIGIN}//a`, '/a'],
  [ORIGIN, `${ORIGIN}/a`, '//a'],
  [ORIGIN, `${ORIGIN}/a%2Fb`, '/a/b'],
  [ORIGIN, `${ORIGIN}/a%252F`, '/a%2F'],
  [ORIGIN, `${ORIGIN}/a;b`, '/a'],
  [ORIGIN, 'http://api.example.com/a', '/a'],
  [ORIGIN, `${ORIGIN}:8443/a`, '/a'],
  [ORIGIN, `${ORIGIN}./a`, '/a'],
  [ORIGIN, `${ORIGIN}.evil.example/a`, '/a'],
  [ORIGIN, `${ORIGIN}@evil.example/a`, '/a'],
  [ORIGIN, 'https://user@api.example.com/a', '/a'],
  [ORIGIN, 'https://:secret@api.example.com/a', '/a'],
  [ORIGIN, 'https://xn--bcher-kva.example/a', '/a'],
  [ORIGIN, '/a', '/a'],
  [ORIGIN, '', '/'],
  [ORIGIN, 'https://', '/'],
  [ORIGIN, 'api.example.com/a', '/a'],
  // Routers do not remove dot segments, so a proof for one route must not open another.
  [ORIGIN, `${ORIGIN}/a`, '/x/../a'],
  [ORIGIN, `${ORIGIN}/a`, '/x/%2e%2e/a'],
  [ORIGIN, `${ORIGIN}/a`, '/./a'],
  // The prefix.
  [`${ORIGIN}/v1`, `${ORIGIN}/a`, '/a'],
  [`${ORIGIN}/v1`, `${ORIGIN}/v1a`, '/a'],
  [`${ORIGIN}/v1`, `${ORIGIN}/v1`, '/v1'],
  [`${ORIGIN}/v1`, `${ORIGIN}/`, '/'],
  [`${ORIGIN}/v1`, `${ORIGIN}/v1`, '/a'],
  [ORIGIN, 'https://evil.example/a', 'https://evil.example/a'],
  [ORIGIN, 'https://evil.example/a', '//evil.example/a'],
  [ORIGIN, `${ORIGIN}/`, '*'],
];

describe('createTargetMatcher', () => {
  test('accepts equivalent URLs', () => {
    expect(EQUAL.filter((each) => !matches(each))).toEqual([]);
  });

  test('rejects different URLs', () => {
    expect(DIFFERENT.filter(matches)).toEqual([]);
  });

  test('reads originalUrl, which mounted routers do not change', () => {
    const matchesTarget = createTargetMatcher(ORIGIN, 'dpop.baseUrl');

    expect(matchesTarget(`${ORIGIN}/mount/a`, { url: '/a', originalUrl: '/mount/a' })).toBe(true);
    expect(matchesTarget(`${ORIGIN}/a`, { url: '/a', originalUrl: '/mount/a' })).toBe(false);
  });
});

describe('authenticate() over a socket', () => {
  const server = createServer();
  let party: DpopParty;
  let port = 0;

  /** Send a request line and a `Host` header, with a proof for `htu`. @returns the status. */
  const send = async (target: string, htu: string, host = 'api.example.com') => {
    const proof = createProof(party.signer, { url: htu, token: party.bound });
    const credentials = [`Authorization: DPoP ${party.bound}`, `DPoP: ${proof}`];
    const lines = [`GET ${target} HTTP/1.1`, `X-Forwarded-Host: ${host}`, ...credentials];
    return (await sendRawTo(port, lines)).status;
  };

  beforeAll(async () => {
    party = await createDpopParty();
    const app = express();
    const answer: RequestHandler = (_req, res) => void res.json({});
    const inner = express.Router().use(authenticate(acceptDpop(party.keyRing)), answer);
    app.set('trust proxy', true);
    app.use('/a', express.Router().use('/b', inner));
    app.use('/stripped', authenticate(acceptDpop(party.keyRing, { baseUrl: `${ORIGIN}/v1` })), answer);
    app.use(authenticate(acceptDpop(party.keyRing)), answer);
    server.on('request', app);
    port = await listen(server);
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('a router that is mounted twice compares the whole path', async () => {
    expect(await send('/a/b/c', `${ORIGIN}/a/b/c`)).toBe(200);
    expect(await send('/a/b/c', `${ORIGIN}/c`)).toBe(401);
  });

  test('a proxy that removes a prefix is described by baseUrl', async () => {
    expect(await send('/stripped/c', `${ORIGIN}/v1/stripped/c`)).toBe(200);
    expect(await send('/stripped/c', `${ORIGIN}/stripped/c`)).toBe(401);
  });

  test('an absolute-form target is reduced to its path, and its authority proves nothing', async () => {
    expect(await send('https://evil.example/c?d', `${ORIGIN}/c`)).toBe(200);
    expect(await send('https://evil.example/c', 'https://evil.example/c')).toBe(401);
  });

  test('a forged host does not change the expected URL', async () => {
    expect(await send('/c', 'https://evil.example/c', 'evil.example')).toBe(401);
    expect(await send('/c', 'http://localhost/c')).toBe(401);
    expect(await send('/c', `${ORIGIN}/c`, 'evil.example')).toBe(200);
  });

  test('a path that starts with two slashes is a path', async () => {
    expect(await send('//evil.example/c', `${ORIGIN}//evil.example/c`)).toBe(200);
    expect(await send('//evil.example/c', 'https://evil.example/c')).toBe(401);
  });

  test('an encoded path is compared by its octets', async () => {
    expect(await send('/%C3%BC%2f', `${ORIGIN}/ü%2F`)).toBe(200);
    expect(await send('/a%2Fb', `${ORIGIN}/a/b`)).toBe(401);
  });
});
