import { describe, expect, test } from '@jest/globals';
import { createMemoryStores, type IdentityProvider } from 'passport-jwe';
import { createFakeDirectory } from '../../support/fake-directory.js';
import {
  createIdTokenApp,
  ID_TOKEN_KEYS,
  keysOf,
  OP,
  PROVIDERS,
  SIGNER,
} from '../../support/id-token-app.js';
import { ISSUER } from '../../support/tokens.js';

const verification = keysOf(SIGNER);
const op: IdentityProvider = { type: 'standard', issuer: OP, verification };
const entra = 'https://login.microsoftonline.com/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0';
const link = { name: 'corp', claim: 'entry_uuid', by: 'id' } as const;
const plain = { 'plain.yaml': String(ID_TOKEN_KEYS['plain.yaml']) };
const directories = { corp: createFakeDirectory() };

/** Change a provider to a malformed one, as JavaScript permits. */
function malformed(change: Readonly<Record<string, unknown>>): IdentityProvider {
  return Object.assign({ ...op }, change);
}

describe('identityProviders are rejected', () => {
  test.each<readonly [string, Readonly<Record<string, IdentityProvider>>, RegExp]>([
    ['with a malformed name', { Op: op }, /each name in identityProviders must be 1 to 32 characters/],
    ['with a name that has a colon', { 'a:b': op }, /each name in identityProviders/],
    ['with the name of a directory', { corp: op }, /identityProviders.corp has the name of a directory/],
    ['with an issuer twice', { a: op, b: op }, /identityProviders.b.issuer is a duplicate/],
    ['with the issuer of the router', { op: { ...op, issuer: ISSUER } }, /or the issuer of the router/],
    ['with an unknown type', { op: malformed({ type: 'oidc' }) }, /op.type must be "standard", "okta"/],
    ['with a type of Object', { op: malformed({ type: 'constructor' }) }, /op.type must be/],
    ['with an unknown option', { op: malformed({ audience: 'a' }) }, /unknown option audience/],
    [
      'without https',
      { op: { ...op, issuer: 'http://login.example.com' } },
      /op.issuer must be the iss of the ID tokens/,
    ],
    ['without an issuer', { op: malformed({ issuer: undefined }) }, /op.issuer must be the iss/],
    ['without keys', { op: malformed({ verification: {} }) }, /op.verification must be VerificationKeys/],
    ['with an empty groupsClaim', { op: { ...op, groupsClaim: '' } }, /op.groupsClaim must be/],
    [
      'with groups of Google',
      { op: malformed({ type: 'google', groupsClaim: 'groups' }) },
      /ID tokens of Google contain no groups/,
    ],
    [
      'with groups of two sources',
      { op: { ...op, groupsClaim: 'roles', directory: link } },
      /groupsClaim is not allowed with directory/,
    ],
    [
      'with an unknown directory',
      { op: { ...op, directory: { ...link, name: 'other' } } },
      /op.directory.name is not in directories/,
    ],
    [
      'with an empty claim',
      { op: { ...op, directory: { ...link, claim: '' } } },
      /op.directory.claim must be/,
    ],
    [
      'with an unknown lookup',
      { op: malformed({ directory: { ...link, by: 'dn' } }) },
      /op.directory.by must be "id" or "name"/,
    ],
    [
      'with an unverified address',
      { op: { type: 'entra', issuer: entra, verification, directory: { ...link, claim: 'email' } } },
      /must not be email, because Entra ID does not verify it/,
    ],
    [
      'with the common issuer of Entra ID',
      { op: { type: 'entra', issuer: 'https://login.microsoftonline.com/common/v2.0', verification } },
      /op.issuer must be the v2.0 issuer of a tenant/,
    ],
    [
      'with the v1.0 issuer of Entra ID',
      {
        op: {
          type: 'entra',
          issuer: 'https://sts.windows.net/9122040d-6c67-4c5b-b112-36a304b66dad/',
          verification,
        },
      },
      /op.issuer must be the v2.0 issuer/,
    ],
  ])('%s', async (_name, providers, message) => {
    await expect(createIdTokenApp({ files: plain, providers, directories })).rejects.toThrow(message);
  });

  test('as an array', async () => {
    await expect(createIdTokenApp({ files: plain, providers: Object([op]) })).rejects.toThrow(
      'tokenRouter: identityProviders must be an object, for example { corp: { type: "okta", issuer, verification } }',
    );
  });

  test('without a store of used ID tokens', async () => {
    const { families } = createMemoryStores();

    await expect(createIdTokenApp({ files: plain, stores: { families } })).rejects.toThrow(
      'tokenRouter: identityProviders requires stores.counters, which records used ID tokens: set stores to the stores of a driver',
    );
  });
});

describe('an API key is rejected', () => {
  const KEY = 'api_key: sk-a\nkey_id: a\nname: A\ntype: api_call\nrate_limits: {}\npermissions: [read]\n';
  const DN = 'group_permissions: { "cn=staff,dc=example": [read] }\n';
  const rule = (issuer: string, more = '') => `  - { issuer: ${issuer}, audiences: [a]${more} }\n`;
  const GROUPS = ', group_permissions: { staff: [read] }';
  const providers: Readonly<Record<string, IdentityProvider>> = {
    ...PROVIDERS,
    linked: { ...op, issuer: 'https://linked.example.com', directory: link },
    elsewhere: { ...op, issuer: 'https://elsewhere.example.com', directory: { ...link, name: 'branch' } },
    google: { type: 'google', issuer: 'https://accounts.google.com', verification },
  };
  const two = { ...directories, branch: createFakeDirectory() };

  test.each([
    [
      'with an unknown issuer',
      rule('https://unknown.example.com', GROUPS),
      /id_tokens.0.issuer of the API key a is not in identityProviders/,
    ],
    [
      'with the issuer of the router as audience',
      `  - { issuer: ${OP}, audiences: ["${ISSUER}"]${GROUPS} }\n`,
      /id_tokens.0.audiences of the API key a contains the issuer of tokenRouter/,
    ],
    [
      'without groups and claims',
      rule(OP),
      /id_tokens.0.group_permissions of the API key a is required: map groups/,
    ],
    [
      'without claims for Google',
      rule('https://accounts.google.com'),
      /id_tokens.0.claims of the API key a is required: select the users/,
    ],
    [
      'with groups for Google',
      rule('https://accounts.google.com', GROUPS),
      /because ID tokens of Google contain no groups/,
    ],
    [
      'with groups for a linked provider',
      `${rule('https://linked.example.com', GROUPS)}${DN}`,
      /id_tokens.0.group_permissions of the API key a is not allowed, because the provider is linked/,
    ],
    [
      'without groups of the directory',
      rule('https://linked.example.com'),
      /group_permissions of the API key a is required, because a provider in id_tokens is linked/,
    ],
    [
      'with groups of no directory',
      `${rule(OP, GROUPS)}${DN}`,
      /group_permissions of the API key a requires a directory in users/,
    ],
    [
      'with two directories',
      `${rule('https://linked.example.com')}${rule('https://elsewhere.example.com')}${DN}`,
      /id_tokens of the API key a has providers of different directories/,
    ],
    [
      'with another directory in users',
      `${rule('https://linked.example.com')}${DN}users: { directory: branch }\n`,
      /id_tokens of the API key a has providers of different directories/,
    ],
  ])('%s', async (_name, rules, message) => {
    const files = { 'a.yaml': `${KEY}id_tokens:\n${rules}` };

    await expect(createIdTokenApp({ files, providers, directories: two })).rejects.toThrow(message);
  });

  test('without the option identityProviders', async () => {
    await expect(createIdTokenApp({ providers: {} })).rejects.toThrow(
      'is not in identityProviders of tokenRouter(): correct the spelling, or add the provider to that option',
    );
  });
});
