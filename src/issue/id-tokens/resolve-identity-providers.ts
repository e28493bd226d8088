import { isIdTokenIssuer } from '../../api-keys/is-id-token-issuer.js';
import { assertMethod, assertOptions, assertString, type KnownOptions } from '../../base/options.js';
import type { VerificationKeys } from '../../keys/verification-keys.js';
import type { DirectoryLink, IdentityProvider, IdentityProviderType } from './identity-provider.js';
import { PROVIDER_SHAPES, TENANT, tenantOf } from './provider-shapes.js';

/** An identity provider with its defaults applied. */
export interface ResolvedIdentityProvider {
  /** Name in the option `identityProviders`, which begins the subjects of its people. */
  readonly name: string;
  readonly type: IdentityProviderType;
  readonly issuer: string;
  readonly verification: VerificationKeys;
  /** Where the groups of a person come from. */
  readonly groups:
    | { readonly from: 'claim'; readonly claim: string }
    | { readonly from: 'directory'; readonly link: DirectoryLink }
    | { readonly from: 'nowhere' };
}

/** Identity providers by name. */
export type IdentityProviders = ReadonlyMap<string, ResolvedIdentityProvider>;

/** Names of the router to which identity providers are compared. */
export interface ProviderNames {
  /** Issuer of the router. */
  readonly issuer: string;
  /** Names of the option `directories`. */
  readonly directories: readonly string[];
}

const KNOWN: KnownOptions<
  Pick<IdentityProvider, 'type' | 'issuer' | 'verification' | 'directory'> & { groupsClaim: string }
> = { type: true, issuer: true, verification: true, directory: true, groupsClaim: true };

const KNOWN_LINK: KnownOptions<DirectoryLink> = { name: true, claim: true, by: true };

/** Syntax of the names of directories and identity providers. Subjects of tokens begin with them. */
const NAME = /^[a-z][a-z0-9-]{0,31}$/;

const TYPES = Object.keys(PROVIDER_SHAPES).map((type) => `"${type}"`);

/**
 * Validate the option `identityProviders`, and apply the defaults.
 *
 * @throws TypeError if an option is missing, unknown or malformed, or a name or an issuer is a duplicate
 */
export function resolveIdentityProviders(
  providers: Readonly<Record<string, IdentityProvider>>,
  names: ProviderNames,
): IdentityProviders {
  if (typeof providers !== 'object' || providers === null || Array.isArray(providers)) {
    throw new TypeError(
      'tokenRouter: identityProviders must be an object, for example { corp: { type: "okta", issuer, verification: discoverJwks({ issuer }) } }',
    );
  }
  const resolved = new Map<string, ResolvedIdentityProvider>();
  for (const [name, provider] of Object.entries(providers)) {
    assertName(name, names);
    const place = `identityProviders.${name}`;
    assertOptions(provider, KNOWN, `tokenRouter: ${place}`);
    const { issuer } = provider;
    if (issuer === names.issuer || [...resolved.values()].some((other) => other.issuer === issuer)) {
      throw new TypeError(
        `tokenRouter: ${place}.issuer is a duplicate or the issuer of the router: list each identity provider once`,
      );
    }
    resolved.set(name, resolveProvider(provider, name, names.directories));
  }
  return resolved;
}

function assertName(name: string, { directories }: ProviderNames): void {
  if (!NAME.test(name)) {
    throw new TypeError(
      'tokenRouter: identityProviders must have names of 1 to 32 lower-case letters, digits and hyphens that begin with a letter, for example "corp"',
    );
  }
  if (directories.includes(name)) {
    throw new TypeError(
      `tokenRouter: identityProviders.${name} has the name of a directory: rename one of the two, because subjects begin with the name`,
    );
  }
}

function resolveProvider(
  provider: IdentityProvider,
  name: string,
  directories: readonly string[],
): ResolvedIdentityProvider {
  const place = `identityProviders.${name}`;
  const { type, issuer, verification } = provider;
  if (!Object.hasOwn(PROVIDER_SHAPES, String(type))) {
    throw new TypeError(`tokenRouter: ${place}.type must be ${TYPES.join(', ')}`);
  }
  assertIssuer(provider, place);
  assertMethod(
    verification,
    'find',
    `tokenRouter: ${place}.verification must be VerificationKeys: pass discoverJwks(...), remoteJwks(...) or await createVerificationKeys(...)`,
  );
  const groups = resolveGroups(provider, place, directories);
  return Object.freeze({ name, type, issuer, verification, groups });
}

function assertIssuer({ type, issuer }: IdentityProvider, place: string): void {
  if (type === 'entra' && (!isIdTokenIssuer(concrete(issuer)) || tenantOf(issuer) === undefined)) {
    throw new TypeError(
      `tokenRouter: ${place}.issuer must be the v2.0 issuer of a tenant, with its ID in lower case, for example "https://login.microsoftonline.com/6731de76-14a6-49ae-97bc-6eba6914391e/v2.0", or with ${TENANT} instead of the ID for several tenants`,
    );
  }
  if (type !== 'entra' && !isIdTokenIssuer(issuer)) {
    throw new TypeError(
      `tokenRouter: ${place}.issuer must be the iss of the ID tokens as an https URL (http on loopback only), for example "https://login.example.com"`,
    );
  }
}

function concrete(issuer: unknown): unknown {
  return typeof issuer === 'string' ? issuer.replace(`/${TENANT}/`, '/tenant/') : issuer;
}

function resolveGroups(
  { type, directory, ...provider }: IdentityProvider,
  place: string,
  directories: readonly string[],
): ResolvedIdentityProvider['groups'] {
  const claim = 'groupsClaim' in provider ? provider.groupsClaim : undefined;
  if (claim !== undefined) assertString(claim, 'tokenRouter', `${place}.groupsClaim`, 'groups');
  if (claim !== undefined && type === 'google') {
    throw new TypeError(
      `tokenRouter: ${place}.groupsClaim is not allowed, because ID tokens of Google contain no groups: remove it, or set directory`,
    );
  }
  if (directory === undefined) {
    return Object.freeze(
      type === 'google' ? { from: 'nowhere' } : { from: 'claim', claim: claim ?? 'groups' },
    );
  }
  if (claim !== undefined) {
    throw new TypeError(
      `tokenRouter: ${place}.groupsClaim is not allowed with directory, because the groups come from the directory: remove one of the two`,
    );
  }
  return Object.freeze({ from: 'directory', link: resolveLink({ type, directory }, place, directories) });
}

function resolveLink(
  { type, directory }: { readonly type: IdentityProviderType; readonly directory: DirectoryLink },
  place: string,
  directories: readonly string[],
): DirectoryLink {
  assertOptions(directory, KNOWN_LINK, `tokenRouter: ${place}.directory`);
  const { name, claim, by } = directory;
  if (!directories.includes(name)) {
    throw new TypeError(
      `tokenRouter: ${place}.directory.name is not in directories: correct the spelling, or add the directory to that option`,
    );
  }
  assertString(claim, 'tokenRouter', `${place}.directory.claim`, 'entry_uuid');
  if (by !== 'id' && by !== 'name')
    throw new TypeError(`tokenRouter: ${place}.directory.by must be "id" or "name"`);
  if (type === 'entra' && claim === 'email') {
    throw new TypeError(
      `tokenRouter: ${place}.directory.claim must not be email, because Entra ID does not verify it: use a claim that only administrators can set`,
    );
  }
  return Object.freeze({ name, claim, by });
}

/** Find the provider of an issuer that an API key lists: by the exact issuer, or as a tenant of a multi-tenant provider. */
export function findIdentityProvider(
  providers: IdentityProviders,
  issuer: string,
): ResolvedIdentityProvider | undefined {
  const all = [...providers.values()];
  const exact = all.find((provider) => provider.issuer === issuer);
  const tenant = tenantOf(issuer);
  if (exact !== undefined || tenant === undefined || tenant === TENANT) return exact;
  const template = issuer.replace(`/${tenant}/`, `/${TENANT}/`);
  return all.find((provider) => provider.type === 'entra' && provider.issuer === template);
}
