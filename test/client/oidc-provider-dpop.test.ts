import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { createSigningKey, createTokenClient } from 'passport-jwe';
import { createAuthorizedFetch } from '../../src/client/authorized-fetch.js';
import { createProofSigner } from '../../src/client/proof-signer.js';
import { generateClientKey } from '../support/client-keys.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { untyped } from '../support/untyped.js';

const { privateJwk, publicJwk } = generateClientKey('dpop-1');
const key = await createSigningKey({ jwk: privateJwk });
const jkt = await calculateJwkThumbprint(untyped(publicJwk));

let issuer: string;
let program: RunningProgram;

beforeAll(async () => {
  const port = await findFreePort();
  issuer = `http://127.0.0.1:${port}`;
  program = startProgram('test/support/programs/oidc-provider-dpop.js', {}, { args: [String(port)] });
  await untilListening(program, port);
});

afterAll(async () => {
  program.process.kill('SIGKILL');
  await program.ended;
});

/** The global `fetch`, which also lists the statuses of the responses. */
function createRecordingFetch(): { send: typeof fetch; statuses: number[] } {
  const statuses: number[] = [];
  const send: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    statuses.push(response.status);
    return response;
  };
  return { send, statuses };
}

describe('the package oidc-provider with required nonces', () => {
  test('issues tokens that are bound to the key of the token client', async () => {
    const { send, statuses } = createRecordingFetch();
    const client = createTokenClient({
      ...{ tokenEndpoint: `${issuer}/token`, clientId: 'billing', clientSecret: 'billing-secret' },
      ...{ audience: 'https://api.example.com', dpop: key, fetch: send },
    });
    await client.getToken();
    client.forget();
    const token = await client.getToken();
    const introspection = await fetch(`${issuer}/token/introspection`, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from('billing:billing-secret').toString('base64')}` },
      body: new URLSearchParams({ token }),
    });

    expect(await introspection.json()).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt } });
    expect(statuses).toEqual([400, 200, 200]);
  });

  test('accepts the proofs of fetch() at its userinfo endpoint', async () => {
    const { send, statuses } = createRecordingFetch();
    const token = await (await fetch(`${issuer}/token-for?jkt=${jkt}`)).text();
    const call = createAuthorizedFetch({
      tokens: { getToken: async () => token, discard: () => false },
      proofs: createProofSigner(key, () => Date.now() / 1000),
      send,
    });
    const first = await call(`${issuer}/me?a=1`);
    await call(`${issuer}/me`);

    expect(await first.json()).toEqual({ sub: 'alice' });
    expect(statuses).toEqual([401, 200, 200]);
  });
});
