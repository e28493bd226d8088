import { isIdTokenIssuer } from '../../api-keys/is-id-token-issuer.js';
import {
  assertMethod,
  assertObject,
  assertOptions,
  assertString,
  type KnownOptions,
} from '../../base/options.js';
import { DIRECTORY_NAME, isDirectoryName } from '../../directory/is-directory-name.js';
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

/** Option of `tokenRouter()` for identity providers. */
export interface IdentityProvidersOptions {
  /**
   * OpenID providers by name, for example `{ corp: { type: 'okta', issuer, verification: discoverJwks({ issuer }) } }`. Clients
   * whose API keys list the issuer in `id_tokens` exchange its ID tokens for access tokens of the person. A name has 1 to 32
   * characters from `a-z 0-9 -`, starts with a letter, and must not be a name in `directories`. The subject of a person is
   * `corp:<immutable ID>`, so never rename or exchange a provider. Requires `stores.counters`.
   *
   * @default {} (no ID tokens are accepted)
   * @see RFC 8693 §2.1
   */
  readonly identityProviders?: Readonly<Record<string, IdentityProvider>>;
}

/** Options of the router on which identity providers depend. */
export interface ProviderTerms {
  /** Issuer of the router. */
  readonly issuer: string;
  /** Directories by name. */
  readonly directories: Pick<ReadonlyMap<string, unknown>, 'has'>;
  /** Store of the used ID tokens. */
  readonly counters: object | undefined;
}

const KNOWN: KnownOptions<
  Pick<IdentityProvider, 'type' | 'issuer' | 'verification' | 'directory'> & { groupsClaim: string }
> = { type: true, issuer: true, verification: true, directory: true, groupsClaim: true };

const KNOWN_LINK: KnownOptions<DirectoryLink> = { name: true, claim: true, by: true };

const TYPES = Object.keys(PROVIDER_SHAPES).map((type) => `"${type}"`);

/**
 * Validate the option `identityProviders`, and apply the defaults.
 *
 * @throws TypeError if an option is missing, unknown or malformed, a name or an issuer is a duplicate, or the router has no
 *   store of used ID tokens
 */
export function resolveIdentityProviders(
  { identityProviders: providers = {} }: IdentityProvidersOptions,
  terms: ProviderTerms,
): IdentityProviders {
  assertObject(
    providers,
    'tokenRouter: identityProviders',
    '{ corp: { type: "okta", issuer, verification } }',
  );
  const resolved = new Map<string, ResolvedIdentityProvider>();
  for (const [name, provider] of Object.entries(providers)) {
    assertName(name, terms);
    const place = `identityProviders.${name}`;
    assertOptions(provider, KNOWN, `tokenRouter: identityProviders.${name}`);
    const { issuer } = provider;
    if (issuer === terms.issuer || [...resolved.values()].some((other) => other.issuer === issuer)) {
      throw new TypeError(
        `tokenRouter: ${place}.issuer is a duplicate or the issuer of the router: list each identity provider once`,
      );
    }
    resolved.set(name, resolveProvider(provider, name, terms));
  }
  if (resolved.size > 0 && terms.counters === undefined) {
    throw new TypeError(
      'tokenRouter: identityProviders requires stores.counters, which records used ID tokens: set stores to the stores of a driver',
    );
  }
  return resolved;
}

function assertName(name: string, { directories }: ProviderTerms): void {
  if (!isDirectoryName(name))
    throw new TypeError(`tokenRouter: each name in identityProviders ${DIRECTORY_NAME}`);
  if (directories.has(name)) {
    throw new TypeError(
      `tokenRouter: identityProviders.${name} has the name of a directory: rename one of the two, because subjects begin with the name`,
    );
  }
}

function resolveProvider(
  provider: IdentityProvider,
  name: string,
  { directories }: ProviderTerms,
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
  directories: ProviderTerms['directories'],
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
  if (tenantOf(provider.issuer) === TENANT) {
    throw new TypeError(
      `tokenRouter: ${place}.directory is not allowed with ${TENANT}, because each tenant could name the people of the directory: add a provider for the tenant whose people are in the directory`,
    );
  }
  return Object.freeze({ from: 'directory', link: resolveLink({ type, directory }, place, directories) });
}

function resolveLink(
  { type, directory }: { readonly type: IdentityProviderType; readonly directory: DirectoryLink },
  place: string,
  directories: ProviderTerms['directories'],
): DirectoryLink {
  assertOptions(directory, KNOWN_LINK, 'tokenRouter: identityProviders.directory');
  const { name, claim, by } = directory;
  if (!directories.has(name)) {
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
