import { hasQueryOrFragment } from '../base/has-query-or-fragment.js';
import type { JsonObject } from '../base/json.js';
import { assertSecureUrl, type KnownOptions } from '../base/options.js';
import { parseUrl } from '../base/parse-url.js';
import { addMembers, copyMembers, type MetadataMembers } from '../http/metadata-members.js';
import type { DpopOptions } from '../verify/dpop/dpop-options.js';
import { resolveDpopTerms } from '../verify/dpop/resolve-dpop.js';

/** Method of sending a bearer token (RFC 6750 §2). */
export type BearerMethod = 'header' | 'body' | 'query';

/** Protected resource, with the members of its metadata document (RFC 9728 §2). */
export interface ProtectedResource {
  /** URL of the API, and audience of its tokens: `https`, or `http` on loopback, without a fragment. */
  readonly resource: string;
  /** Issuers whose tokens the API accepts, at least one. */
  readonly authorizationServers: readonly string[];
  /**
   * Scope tokens that the routes of the API require.
   *
   * @default undefined (the metadata document lists no scopes)
   */
  readonly scopes?: readonly string[];
  /**
   * Methods of sending the token that the API accepts, at least one. List more than `header` only if `tokenLocations`
   * reads tokens from the body or the query.
   *
   * @default ['header']
   * @see RFC 6750 §2
   */
  readonly bearerMethods?: readonly BearerMethod[];
  /**
   * Option `dpop` of the API, as `authenticate()` receives it. The document lists the signature algorithms of proofs, and
   * whether every token must be bound to a key.
   *
   * @default undefined (the metadata document does not mention DPoP)
   * @see RFC 9728 §2
   */
  readonly dpop?: DpopOptions;
  /**
   * Further members of the metadata document, for example `{ resource_name: 'Reports' }`.
   *
   * @default {} (no further members)
   */
  readonly members?: MetadataMembers;
}

export const PROTECTED_RESOURCE: KnownOptions<ProtectedResource> = {
  resource: true,
  authorizationServers: true,
  scopes: true,
  bearerMethods: true,
  dpop: true,
  members: true,
};

const BEARER_METHODS = ['header', 'body', 'query'];

/**
 * Build the metadata document of a protected resource. Empty arrays are omitted (RFC 9728 §3.2).
 *
 * @param where prefix of the names of options, for the error messages
 * @throws TypeError if an option is missing or malformed
 */
export function describeProtectedResource(options: ProtectedResource, where: string): JsonObject {
  const {
    resource,
    authorizationServers,
    scopes = [],
    bearerMethods = ['header'],
    dpop,
    members = {},
  } = options;
  assertResource(resource, `${where}resource`);
  if (!isListOf(authorizationServers, isIssuer) || authorizationServers.length === 0)
    throw new TypeError(`${where}authorizationServers must be ${ISSUERS}`);
  if (!isListOf(scopes, (scope) => scope !== ''))
    throw new TypeError(`${where}scopes must be an array of strings, for example ["read:reports"]`);
  if (!isListOf(bearerMethods, (each) => BEARER_METHODS.includes(each)) || bearerMethods.length === 0)
    throw new TypeError(`${where}bearerMethods must be ${METHODS}`);
  const document = {
    resource,
    authorization_servers: [...authorizationServers],
    bearer_methods_supported: [...bearerMethods],
    ...(scopes.length === 0 ? {} : { scopes_supported: [...scopes] }),
    ...describeProofs(dpop, where),
  };
  const name = `${where}members`;
  return addMembers(document, copyMembers(members, name, '{ resource_name: "Reports" }'), name);
}

function describeProofs(dpop: DpopOptions | undefined, where: string): JsonObject {
  if (dpop === undefined) return {};
  const { mode, algorithms } = resolveDpopTerms(dpop, where.replace(/(: |\.)$/, ''));
  return {
    dpop_signing_alg_values_supported: [...algorithms],
    ...(mode === 'require' ? { dpop_bound_access_tokens_required: true } : {}),
  };
}

const ISSUERS =
  'a non-empty array of issuer URLs without query and fragment, for example ["https://auth.example.com"]';
const METHODS = 'a non-empty array of "header", "body" and "query", for example ["header"]';

/** Whether a string is an issuer identifier (RFC 8414 §2). */
function isIssuer(issuer: string): boolean {
  return parseUrl(issuer) !== undefined && !hasQueryOrFragment(issuer);
}

/** Assert that a URL can identify a resource (RFC 9728 §1.2). An empty fragment is a fragment too. */
function assertResource(resource: string, name: string): void {
  assertSecureUrl(resource, name);
  if (resource.includes('#'))
    throw new TypeError(`${name} must not contain a fragment: remove "#" and the text after it`);
}

function isListOf(value: unknown, isItem: (item: string) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && isItem(item));
}
