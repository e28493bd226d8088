import type { JsonObject } from '../../base/json.js';
import type { IdentityProviderType } from './identity-provider.js';

/** How the ID tokens of an identity provider name their issuer and the person. */
export interface ProviderShape {
  /** All spellings of `iss` for an issuer that an API key lists. */
  issuerNames(issuer: string): readonly string[];
  /** Return the immutable ID of the person, or `undefined` if the claims do not identify a person of the issuer. */
  idOf(claims: JsonObject, issuer: string): string | undefined;
  /** Whether the claims can be those of an ID token. The provider signs other tokens with the same keys (RFC 8725 §3.11). */
  isIdToken(claims: JsonObject): boolean;
}

/** Issuer of all tenants, as the metadata of `organizations` and `common` spells it. */
export const TENANT = '{tenantid}';

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `sub`: at most 255 ASCII characters (OpenID Connect Core §2). */
const SUB = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/**
 * Claims of access tokens, and of logout tokens and other security events (Back-Channel Logout §2.4, RFC 8417 §2.2). Access
 * tokens of Entra ID without a user have no `scp`.
 */
const FOREIGN_CLAIMS = ['scope', 'scp', 'events', 'azpacr', 'appidacr', 'idtyp'];

const STANDARD: ProviderShape = {
  issuerNames: (issuer) => [issuer],
  idOf: ({ sub }) => (isSub(sub) ? sub : undefined),
  isIdToken: (claims) =>
    hasNone(claims, FOREIGN_CLAIMS) &&
    // Keycloak and Amazon Cognito name the kind of a token.
    (claims['typ'] === undefined || claims['typ'] === 'ID') &&
    (claims['token_use'] === undefined || claims['token_use'] === 'id'),
};

/** The shape of each type of identity provider. */
export const PROVIDER_SHAPES: Readonly<Record<IdentityProviderType, ProviderShape>> = {
  standard: STANDARD,
  okta: STANDARD,
  keycloak: {
    ...STANDARD,
    isIdToken: (claims) => STANDARD.isIdToken(claims) && claims['typ'] === 'ID',
  },
  google: {
    ...STANDARD,
    // Google documents both spellings.
    issuerNames: (issuer) => [issuer, issuer.replace(/^https?:\/\//, '')],
  },
  entra: {
    ...STANDARD,
    // `sub` differs between the applications of a tenant, `oid` does not.
    idOf: ({ sub, tid, oid }, issuer) =>
      isSub(sub) && isGuid(tid) && isGuid(oid) && tid === tenantOf(issuer) ? `${tid}.${oid}` : undefined,
  },
};

/** Return the tenant in an issuer of Entra ID, which can be the placeholder of all tenants. */
export function tenantOf(issuer: string): string | undefined {
  const [, tenant] = /\/([^/]+)\/v2\.0$/.exec(issuer) ?? [];
  return tenant === TENANT || isGuid(tenant) ? tenant : undefined;
}

function isSub(value: unknown): value is string {
  return typeof value === 'string' && SUB.test(value);
}

function isGuid(value: unknown): value is string {
  return typeof value === 'string' && GUID.test(value);
}

function hasNone(claims: JsonObject, names: readonly string[]): boolean {
  return names.every((name) => !Object.hasOwn(claims, name));
}
