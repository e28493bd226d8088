import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import express, { type Express, type RequestHandler } from 'express';
import { PassportJweError } from 'passport-jwe';
import request from 'supertest';
import { parametersOf, receiveParameters } from '../../../src/issue/endpoints/receive-parameters.js';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

function createApp(...before: readonly RequestHandler[]): Express {
  const app = express().use(...before, (_req, _res, next) => next());
  app.post('/', ...receiveParameters);
  app.post('/', (req, res) => void res.json(Object.fromEntries(parametersOf(req))));
  app.use(((error, _req, res, next) => {
    if (!(error instanceof PassportJweError)) return next(error);
    res.status(error.status).json({ error: error.error });
  }) satisfies express.ErrorRequestHandler);
  return app;
}

/** An adapter that has received the body, and leaves a stream that never ends. */
const adapter: RequestHandler = (req, _res, next) => {
  const chunks: Buffer[] = [];
  req
    .on('data', (chunk) => chunks.push(chunk))
    .on('end', () => {
      req.body = Buffer.concat(chunks);
      next();
    });
};

/** A request of HTTP/2, whose frames delimit the body: it has neither a length nor a transfer coding. */
const http2: RequestHandler = (req, _res, next) => {
  Object.defineProperty(req, 'httpVersionMajor', { value: 2 });
  delete req.headers['content-length'];
  next();
};

const HOSTS: readonly (readonly [string, Express])[] = [
  ['read from the stream', createApp()],
  ['read by express.raw()', createApp(express.raw({ type: '*/*' }))],
  ['read by an adapter', createApp(adapter)],
  ['read from the stream of HTTP/2', createApp(http2)],
];

describe.each([...HOSTS, ['read by express.text()', createApp(express.text({ type: '*/*' }))] as const])(
  'a body %s',
  (_host, app) => {
    const post = (type: string, body: string | Buffer) => request(app).post('/').type(type).send(body);

    test('is parsed as a form', async () => {
      expect((await post(FORM, 'a=1&b=%C3%A9&c=')).body).toEqual({ a: ['1'], b: ['é'], c: [''] });
    });

    test('is parsed as JSON', async () => {
      expect((await post(JSON_TYPE, '{"a":"é","b":[1]}')).body).toEqual({ a: ['é'], b: [[1]] });
    });

    test('keeps all values of a repeated parameter', async () => {
      expect((await post(FORM, 'a=1&a=2')).body).toEqual({ a: ['1', '2'] });
    });

    test.each([
      ['JSON with a repeated member', JSON_TYPE, '{"a":"1","a":"2"}', 400],
      ['malformed JSON', JSON_TYPE, '{', 400],
      ['JSON that is no object', JSON_TYPE, '[]', 400],
      ['another media type', 'text/plain', 'a=1', 415],
      ['a body that is too large', FORM, `a=${'x'.repeat(17_000)}`, 413],
    ])('is rejected: %s', async (_what, type, body, status) => {
      expect(await post(type, body)).toMatchObject({ status, body: { error: 'invalid_request' } });
    });

    test('may be empty', async () => {
      expect(await request(app).post('/')).toMatchObject({ status: 200, body: {} });
    });
  },
);

describe.each(HOSTS)('bytes %s', (_host, app) => {
  test.each([
    ['malformed UTF-8', FORM, Buffer.from([0x61, 0x3d, 0xff]), 400],
    ['truncated UTF-8', JSON_TYPE, Buffer.from('{"a":"é"}').subarray(0, 7), 400],
    [
      'bytes of another charset than the declared one',
      `${FORM}; charset=utf-8`,
      Buffer.from('a=é', 'latin1'),
      400,
    ],
    ['an unknown charset', `${FORM}; charset=klingon`, Buffer.from('a=1'), 415],
  ])('are rejected: %s', async (_what, type, bytes, status) => {
    const post = request(app).post('/').set('Content-Type', type);
    post.write(bytes);

    expect(await post).toMatchObject({ status, body: { error: 'invalid_request' } });
  });

  test('are decoded in the declared charset', async () => {
    const post = request(app).post('/').set('Content-Type', `${FORM}; charset="ISO-8859-1"`);
    post.write(Buffer.from('a=é', 'latin1'));

    expect((await post).body).toEqual({ a: ['é'] });
  });
});

test.each(HOSTS.filter(([host]) => host !== 'read by express.raw()'))(
  'a compressed body %s is rejected',
  async (_host, app) => {
    const post = request(app).post('/').set({ 'Content-Type': FORM, 'Content-Encoding': 'gzip' });
    post.write(gzipSync('a=1'));

    expect((await post).status).toBe(415);
  },
);

test('bytes without a media type are rejected, even if the adapter declares no length', async () => {
  const app = createApp(adapter, (req, _res, next) => {
    req.headers = {};
    next();
  });

  expect((await request(app).post('/').type(FORM).send('a=1')).status).toBe(415);
});
