import { describe, expect, test } from '@jest/globals';
import { faultsOf, loadFile } from '../support/api-key-files.js';

const KEY = 'api_key: sk-billing-7f3a\nname: Billing\ntype: api_call\nrate_limits: {}\n';
const GITHUB = 'https://token.actions.githubusercontent.com';
const ISSUER_FAULT =
  'must be the iss of the JWTs as an https URL (http on loopback only), or a trust domain such as spiffe://acme.example';

function fileOf(workload: string): string {
  return `${KEY}workloads:\n  - ${workload}\n`;
}

describe('workloads of an API key file', () => {
  test('are read as rules with exact conditions', async () => {
    const { workloads } = await loadFile(
      fileOf(
        `{ issuer: ${GITHUB}, subject: "repo:acme/billing:environment:*", claims: { repository_id: 123456 } }`,
      ),
    );

    expect(workloads).toEqual([
      {
        issuer: GITHUB,
        subject: 'repo:acme/billing:environment:*',
        claims: { repository_id: '123456' },
        users: false,
      },
    ]);
  });

  test('replace the secret: a file with workloads needs no api_key', async () => {
    const file = fileOf(`{ issuer: ${GITHUB}, subject: "repo:acme/billing:ref" }`);

    expect((await loadFile(file.replace(/^api_key.*\n/, ''))).workloads).toHaveLength(1);
  });

  test('are frozen with their claims', async () => {
    const { workloads } = await loadFile(
      fileOf('{ issuer: "spiffe://a.example", subject: x, claims: { a: { b: c } } }'),
    );

    expect(
      [workloads, workloads[0], workloads[0]?.claims, workloads[0]?.claims['a']].every(Object.isFrozen),
    ).toBe(true);
  });

  test.each(['token.example.com', 'http://token.example.com', 'spiffe://A.example', 'spiffe://a.example/x'])(
    'reject the issuer %s',
    async (issuer) => {
      expect(await faultsOf(fileOf(`{ issuer: "${issuer}", subject: a }`))).toEqual([
        `workloads[0].issuer: ${ISSUER_FAULT}`,
      ]);
    },
  );

  test('reject two wildcards in a segment', async () => {
    expect(await faultsOf(fileOf(`{ issuer: ${GITHUB}, subject: "repo:a*b*" }`))).toEqual([
      'workloads[0].subject: must have at most one * between two separators / or :',
    ]);
  });

  test('reject a subject of wildcards without claims', async () => {
    expect(await faultsOf(fileOf(`{ issuer: ${GITHUB}, subject: "*:*/*" }`))).toEqual([
      'workloads[0]: must have claims if subject contains only wildcards, because any identity of the issuer would match',
    ]);
  });

  test('accept a subject of wildcards with claims', async () => {
    const { workloads } = await loadFile(fileOf(`{ issuer: ${GITHUB}, subject: "*", claims: { tid: t1 } }`));

    expect(workloads).toHaveLength(1);
  });

  test('reject an empty subject, one with a line break, and one that is missing', async () => {
    const faults = await Promise.all(
      ['subject: ""', 'subject: "a\\nb"', 'claims: { a: b }'].map((field) =>
        faultsOf(fileOf(`{ issuer: ${GITHUB}, ${field} }`)),
      ),
    );

    expect(faults.map(([fault]) => fault?.split(': ')[0])).toEqual(
      Array.from({ length: 3 }, () => 'workloads[0].subject'),
    );
  });

  test('reject claims that are not conditions', async () => {
    expect(await faultsOf(fileOf(`{ issuer: ${GITHUB}, subject: a, claims: { a: [b] } }`))).toEqual([
      'workloads[0].claims: must be a mapping of claims to non-empty strings, or to mappings of their members',
    ]);
  });
});
