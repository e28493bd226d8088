import type { ApiKey, IdTokenRule } from '../../api-keys/api-key.js';
import type { ApiKeyFault } from '../../api-keys/api-key-registry.js';
import { directoryOfIssuer, findIdentityProvider } from './find-identity-provider.js';
import { TENANT, tenantOf } from './provider-shapes.js';
import type { IdentityProviders } from './resolve-identity-providers.js';

/** What the field `id_tokens` is compared with. */
export interface IdTokenFaultTerms {
  readonly identityProviders: IdentityProviders;
  /** Issuer of the router. */
  readonly issuer: string;
}

/** Find entries in `id_tokens` of an API key that the router cannot serve. */
export function findIdTokenFaults(apiKey: ApiKey, terms: IdTokenFaultTerms): readonly ApiKeyFault[] {
  const { keyId, idTokens } = apiKey;
  return [
    ...idTokens.flatMap((rule, index) =>
      findFaults(rule, terms).map(({ field, message }) => ({
        ...{ keyId, path: ['id_tokens', index, field], message },
      })),
    ),
    ...findDirectoryFaults(apiKey, terms),
  ];
}

/** Compare the directory in `users` and those to which the providers are linked with `group_permissions`. */
function findDirectoryFaults(
  { keyId, idTokens, users, groupPermissions }: ApiKey,
  { identityProviders }: IdTokenFaultTerms,
): readonly ApiKeyFault[] {
  const linked = idTokens.flatMap(({ issuer }) => directoryOfIssuer(identityProviders, issuer) ?? []);
  const named = typeof users === 'object' ? [users.directory] : [];
  const directories = new Set([...linked, ...named]);
  const hasGroups = Object.keys(groupPermissions).length > 0;
  return [
    ...(directories.size > 1 ? [{ keyId, path: ['id_tokens'], ...TWO_DIRECTORIES }] : []),
    ...(linked.length > 0 && !hasGroups ? [{ keyId, path: ['group_permissions'], ...NO_DN }] : []),
    ...(directories.size === 0 && hasGroups ? [{ keyId, path: ['group_permissions'], ...NO_DIRECTORY }] : []),
  ];
}

interface Fault {
  readonly field: 'issuer' | 'audiences' | 'claims' | 'group_permissions';
  readonly message: string;
}

function findFaults(rule: IdTokenRule, { identityProviders, issuer }: IdTokenFaultTerms): readonly Fault[] {
  if (tenantOf(rule.issuer) === TENANT) return [ALL_TENANTS];
  const provider = findIdentityProvider(identityProviders, rule.issuer);
  if (provider === undefined) return [UNKNOWN_ISSUER];
  const { from } = provider.groups;
  const hasGroups = rule.groupPermissions !== undefined;
  const isOpen = !hasGroups && Object.keys(rule.claims).length === 0;
  return [
    ...(rule.audiences.includes(issuer) ? [IS_ROUTER] : []),
    ...(hasGroups && from === 'directory' ? [LINKED] : []),
    ...(hasGroups && from === 'nowhere' ? [NO_GROUPS] : []),
    ...(isOpen && from === 'claim' ? [NO_SELECTION] : []),
    ...(isOpen && provider.type === 'google' ? [NO_CLAIMS] : []),
  ];
}

/** The groups of one directory must not grant permissions to people of another one. */
const TWO_DIRECTORIES = {
  message:
    'has providers of different directories, or of another directory than users: use a separate API key for each directory',
};

const NO_DN = {
  message:
    'is required, because a provider in id_tokens is linked to a directory: without groups, no user would receive a scope',
};

const NO_DIRECTORY = {
  message:
    'requires a directory in users, or a provider in id_tokens that is linked to a directory: remove it, or map groups in id_tokens',
};

/** A misspelt issuer would reject every ID token. */
const UNKNOWN_ISSUER: Fault = {
  field: 'issuer',
  message:
    'is not in identityProviders of tokenRouter(): correct the spelling, or add the provider to that option',
};

/** Anyone can create a tenant, with any groups and addresses. */
const ALL_TENANTS: Fault = {
  field: 'issuer',
  message: 'contains {tenantid}: list the issuer of each tenant',
};

/** JWTs for the router are authorization grants and client assertions, not ID tokens. */
const IS_ROUTER: Fault = {
  field: 'audiences',
  message:
    'contains the issuer of tokenRouter(), which is not a client of the provider: list the client IDs of your applications',
};

const LINKED: Fault = {
  field: 'group_permissions',
  message:
    'is not allowed, because the provider is linked to a directory: list the groups of the directory in group_permissions of the API key',
};

const NO_GROUPS: Fault = {
  field: 'group_permissions',
  message:
    'is not allowed, because ID tokens of Google contain no groups: remove it, or link the provider to a directory',
};

const NO_SELECTION: Fault = {
  field: 'group_permissions',
  message:
    'is required: map groups to scopes, or select the users by claims if every one of them may have all permissions',
};

/** Each owner of a Google account can sign in to an application. */
const NO_CLAIMS: Fault = {
  field: 'claims',
  message: 'is required: select the users, for example hd: example.com for the accounts of one organization',
};
