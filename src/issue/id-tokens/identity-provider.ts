import type { VerificationKeys } from '../../keys/verification-keys.js';

/**
 * Link of an identity provider to a directory of the option `directories`. State, groups and claims of a person then come
 * from the directory, and the person can obtain refresh tokens.
 */
export interface DirectoryLink {
  /** Name of the directory in the option `directories`. */
  readonly name: string;
  /**
   * Claim of the ID token that identifies the person in the directory. Only administrators may be able to set it. With
   * `email`, the ID token must also have `email_verified: true`.
   */
  readonly claim: string;
  /** Whether the claim contains the immutable ID of the person, or the sign-in name. */
  readonly by: 'id' | 'name';
}

/**
 * Options that all identity providers share.
 *
 * @inline
 */
interface AnyProvider {
  /** Exact value of `iss` in the ID tokens: an `https:` URL. OpenID Connect Core §2. */
  readonly issuer: string;
  /** Keys that verify the ID tokens: `discoverJwks(...)`, `remoteJwks(...)` or `await createVerificationKeys(...)`. */
  readonly verification: VerificationKeys;
  /**
   * Link to a directory.
   *
   * @default undefined (the groups come from the ID token, and there are no refresh tokens)
   */
  readonly directory?: DirectoryLink;
}

/**
 * Provider whose ID tokens contain the groups of a person.
 *
 * @inline
 */
interface GroupProvider extends AnyProvider {
  /**
   * Claim with the groups of a person. Not allowed with `directory`.
   *
   * @default 'groups'
   */
  readonly groupsClaim?: string;
}

/**
 * OpenID provider, for the option `identityProviders` of `tokenRouter()`. The type determines how its ID tokens identify a
 * person.
 *
 * @see OpenID Connect Core 1.0 §2
 */
export type IdentityProvider =
  | ({
      /**
       * Microsoft Entra ID, which identifies a person by `tid` and `oid`. `issuer` is that of one tenant, or for a
       * multi-tenant application `https://login.microsoftonline.com/{tenantid}/v2.0`. API keys then list the issuer of
       * each tenant.
       */
      readonly type: 'entra';
    } & GroupProvider)
  | ({
      /** Okta, which identifies a person by `sub`. */
      readonly type: 'okta';
    } & GroupProvider)
  | ({
      /** Keycloak, which identifies a person by `sub`. `typ` in the payload must be `ID`. */
      readonly type: 'keycloak';
    } & GroupProvider)
  | ({
      /** Google, which identifies a person by `sub`. Its ID tokens contain no groups. */
      readonly type: 'google';
    } & AnyProvider)
  | ({
      /** Another OpenID provider, which identifies a person by `sub`. */
      readonly type: 'standard';
    } & GroupProvider);

/** Type of an identity provider. */
export type IdentityProviderType = IdentityProvider['type'];
