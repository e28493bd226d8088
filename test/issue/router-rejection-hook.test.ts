import { describe, expect, jest, test } from '@jest/globals';
import express, { type Express } from 'express';
import { type TokenRouterOptions, tokenRouter } from 'passport-jwe';
import request from 'supertest';
import { loadFiles, MINIMAL_FILE } from '../support/api-key-files.js';
import { AUDIENCE, createRing, ISSUER } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

const keyRing = await createRing();
const apiKeys = await loadFiles({ 'key.yaml': MINIMAL_FILE });

function createApp(onRejected: TokenRouterOptions['onRejected']): Express {
  const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys };
  return express().use('/oauth', tokenRouter({ ...options, ...(onRejected && { onRejected }) }));
}

const send = (app: Express) => request(app).post('/oauth/token').type('form').send({ grant_type: 'none' });

describe('onRejected of the token router', () => {
  test('is called once for a rejected request, with the error', async () => {
    const calls: unknown[] = [];
    const app = createApp((error, req) => calls.push([error.code, req.originalUrl]));

    expect((await send(app)).status).toBe(401);
    expect(calls).toEqual([['ERR_INVALID_CLIENT', '/oauth/token']]);
  });

  test('can send the response itself', async () => {
    const app = createApp((_error, _req, res) => res.status(418).json({ own: true }));

    expect(await send(app)).toMatchObject({ status: 418, body: { own: true } });
  });

  test('affects nothing if it throws', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const app = createApp(() => {
      throw new Error('secret');
    });

    expect(await send(app)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(emitWarning.mock.calls).toEqual([
      ['The function onRejected failed (Error)', { code: 'PASSPORT_JWE_ON_REJECTED' }],
    ]);
    emitWarning.mockRestore();
  });

  test('must be a function', () => {
    expect(() => createApp(untypedValue('log'))).toThrow('tokenRouter: onRejected must be a function');
  });
});
