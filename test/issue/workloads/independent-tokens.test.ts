import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { discoverJwks, remoteJwks } from 'passport-jwe';
import { type Certificate, makeCertificate } from '../../support/certificates.js';
import { nodeJoseMaker } from '../../support/foreign-tokens/node-jose-maker.js';
import { type IssuerServer, startIssuerServer } from '../../support/issuer-server.js';
import { type JwksServer, startJwksServer } from '../../support/jwks-server.js';
import { generateSigner, type JwkPair } from '../../support/key-pairs.js';
import { ISSUER, NOW } from '../../support/tokens.js';
import { createWorkloadApp, GITHUB, MESH, type WorkloadApp } from '../../support/workload-app.js';

const COMMON = 'name: Billing\nkey_id: billing\ntype: api_call\nrate_limits: {}\npermissions: [read]\n';

/** The key of a file without a secret, for one workload. */
function fileOf(workload: string): string {
  return `${COMMON}workloads: [${workload}]\n`;
}

/** A JWT by node-jose. */
function sign(claims: object, { privateJwk }: JwkPair, header: object = {}): Promise<string> {
  const fields = { alg: String(privateJwk['alg']), kid: privateJwk['kid'], ...header };
  return nodeJoseMaker.sign(JSON.stringify(claims), fields, privateJwk);
}

describe('a projected service account token of Kubernetes', () => {
  const signer = generateSigner('RS256', { kid: 'cluster', use: 'sig' });
  const UID = '0c6a5bb9-6f5a-4e5b-9b0e-2d6a8a0f2c11';
  let directory: string;
  let certificate: Certificate;
  let cluster: IssuerServer;
  let app: WorkloadApp;

  /** As the API server writes it: `aud` is an array, there is no `typ`, and the identities are in `kubernetes.io`. */
  const claimsOf = (changes: object = {}) => ({
    aud: [ISSUER],
    exp: NOW + 3600,
    iat: NOW,
    iss: cluster.origin,
    jti: '5c1d9a5e-3d0b-4d0e-8f5c-1f5f5c1d2e3f',
    'kubernetes.io': {
      namespace: 'billing',
      node: { name: 'node-1', uid: 'a' },
      pod: { name: 'worker-5d9c', uid: 'b' },
      serviceaccount: { name: 'worker', uid: UID },
    },
    nbf: NOW,
    sub: 'system:serviceaccount:billing:worker',
    ...changes,
  });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'passport-jwe-cluster-'));
    certificate = await makeCertificate();
    cluster = await startIssuerServer(certificate);
    cluster.publish([signer.publicJwk]);
    const tokenFile = join(directory, 'token');
    await writeFile(tokenFile, 'pod-token\n');
    const issuer = cluster.origin;
    const verification = discoverJwks({
      issuer,
      ca: { file: certificate.file },
      tokenFile,
      allowPrivate: true,
    });
    const rule = `{ issuer: "${issuer}", subject: "system:serviceaccount:billing:worker", claims: { kubernetes.io: { serviceaccount: { uid: ${UID} } } } }`;
    app = await createWorkloadApp({ files: { 'k.yaml': fileOf(rule) }, issuers: [{ issuer, verification }] });
  });

  afterAll(async () => {
    await cluster.stop();
    await certificate.dispose();
    await rm(directory, { recursive: true });
  });

  test('is exchanged, with keys that the API server publishes to authenticated clients', async () => {
    const answer = await app.exchange(await sign(claimsOf(), signer));

    expect(answer.status).toBe(200);
    expect((await app.verify(answer)).claims).toMatchObject({ sub: 'billing', scope: 'read' });
    expect(cluster.requests()).toEqual([
      '/.well-known/openid-configuration Bearer pod-token',
      '/jwks Bearer pod-token',
    ]);
  });

  test('is rejected for the audience of the API server, and for a recreated service account', async () => {
    const recreated = { 'kubernetes.io': { serviceaccount: { name: 'worker', uid: 'other' } } };
    const reasons: unknown[] = [];
    for (const changes of [{ aud: [cluster.origin] }, recreated]) {
      await app.exchange(await sign(claimsOf(changes), signer));
      reasons.push(app.lastReason());
    }

    expect(reasons).toEqual(['assertion_audience', 'no_workload']);
  });
});

describe('an OIDC token of GitHub Actions', () => {
  const signer = generateSigner('RS256', { kid: '38826b17-6a30-5f9b-b169-8beb8202f723' });
  let keys: JwksServer;
  let app: WorkloadApp;

  const claimsOf = (changes: object = {}) => ({
    jti: 'example-id',
    sub: 'repo:acme@65/billing@123456:environment:production',
    environment: 'production',
    aud: ISSUER,
    ref: 'refs/heads/main',
    repository: 'acme/billing',
    repository_id: '123456',
    repository_owner: 'acme',
    repository_owner_id: '65',
    run_attempt: '2',
    event_name: 'workflow_dispatch',
    runner_environment: 'github-hosted',
    iss: GITHUB,
    nbf: NOW - 600,
    exp: NOW + 300,
    iat: NOW,
    ...changes,
  });

  beforeAll(async () => {
    keys = await startJwksServer([signer.publicJwk]);
    const rule = `{ issuer: "${GITHUB}", subject: "repo:acme@65/billing@123456:environment:production", claims: { repository_id: "123456", repository_owner_id: "65" } }`;
    app = await createWorkloadApp({
      files: { 'k.yaml': fileOf(rule) },
      issuers: [{ issuer: GITHUB, verification: remoteJwks({ url: keys.url, cooldownSeconds: 1 }) }],
    });
  });

  afterAll(() => keys.stop());

  test('is exchanged', async () => {
    expect((await app.exchange(await sign(claimsOf(), signer, { typ: 'JWT' }))).status).toBe(200);
  });

  test('is rejected for a different environment and for a repository of the same name', async () => {
    const environment = claimsOf({ sub: 'repo:acme@65/billing@123456:environment:staging' });
    const renamed = claimsOf({ repository_id: '654321' });

    for (const claims of [environment, renamed]) {
      expect((await app.exchange(await sign(claims, signer, { typ: 'JWT' }))).status).toBe(400);
      expect(app.lastReason()).toBe('no_workload');
    }
  });
});

test('while the JWK Set of an issuer cannot be loaded, the response is 503, and afterwards 200', async () => {
  const signer = generateSigner('ES256', { kid: 'mesh' });
  const keys = await startJwksServer([signer.publicJwk]);
  await keys.stop();
  let now = 0;
  const app = await createWorkloadApp({
    files: { 'k.yaml': fileOf(`{ issuer: "${MESH}", subject: "${MESH}/billing" }`) },
    issuers: [{ issuer: MESH, verification: remoteJwks({ url: keys.url, clock: () => now }) }],
    throttle: { failuresPerMinute: 1 },
  });
  const svid = await sign({ sub: `${MESH}/billing`, aud: [ISSUER], exp: NOW + 300 }, signer, { typ: 'JOSE' });
  const down = [await app.exchange(svid), await app.exchange(svid)];
  await keys.start();
  now = 60;
  const up = await app.exchange(svid);
  await keys.stop();

  expect(down.map(({ status, body, headers }) => [status, body['error'], 'retry-after' in headers])).toEqual([
    [503, 'temporarily_unavailable', true],
    [503, 'temporarily_unavailable', true],
  ]);
  expect(up.status).toBe(200);
});
