import type { Jwk } from '../../src/keys/jwk.js';

/** URLs of an authorization server, and the credentials of its client. */
export interface ClientSettings {
  readonly issuer: string;
  readonly metadata: string;
  readonly token: string;
  readonly revocation: string;
  readonly introspection: string;
  readonly clientId: string;
  /** Empty if the client authenticates with `privateJwk`. */
  readonly clientSecret: string;
  /** Private key for ES256. Empty if the client authenticates with `clientSecret`. */
  readonly privateJwk: Jwk;
}

/** Tokens as the client library returns them. */
export interface ReceivedTokens {
  readonly accessToken: string;
  /** Empty if the library returns none. */
  readonly refreshToken: string;
}

/** Calls of a client library, one for each column of the matrix. */
export interface ClientCalls {
  /** Fetch the metadata. @returns the token endpoint. */
  discovery(settings: ClientSettings): Promise<string>;
  /** Obtain tokens with the scope `SCOPE`. */
  clientCredentials(settings: ClientSettings): Promise<ReceivedTokens>;
  /** Obtain tokens, and refresh them. @returns the second tokens. */
  refresh(settings: ClientSettings): Promise<ReceivedTokens>;
  /** Obtain tokens, and revoke the access token. @returns the revoked tokens. */
  revocation(settings: ClientSettings): Promise<ReceivedTokens>;
  /** Obtain tokens, and introspect the access token. @returns the response. */
  introspection(settings: ClientSettings): Promise<Readonly<Record<string, unknown>>>;
}

/** A call that the library does not have. */
export interface AbsentCall {
  readonly reason: string;
  /** Names of such a call. No member of the library matches this pattern. */
  readonly pattern: RegExp;
}

/** An OAuth client library, unmodified. */
export interface OAuthClient {
  readonly name: string;
  /** Names that the library exports, and the names of the methods of its classes. */
  readonly members: () => Promise<readonly string[]>;
  readonly calls: { readonly [Call in keyof ClientCalls]: ClientCalls[Call] | AbsentCall };
}

/** Scope tokens that the clients request. */
export const SCOPE = ['read', 'offline_access'];

/** List the names of the exports, and of the methods of exported classes. */
export function membersOf(...exported: readonly object[]): readonly string[] {
  return exported.flatMap((each) => [
    ...Object.getOwnPropertyNames(each),
    ...Object.values(each).flatMap((value) =>
      typeof value === 'function' ? Object.getOwnPropertyNames(value.prototype ?? {}) : [],
    ),
  ]);
}

export const NO_DISCOVERY: AbsentCall = {
  reason: 'it has no discovery, so applications configure the endpoints',
  pattern: /discover|metadata|well_?known/i,
};

export const NO_REVOCATION: AbsentCall = {
  reason: 'it implements grants only (RFC 6749)',
  pattern: /revoke|revocation/i,
};

export const NO_INTROSPECTION: AbsentCall = {
  reason: 'introspection is a call of resource servers (RFC 7662 §1)',
  pattern: /introspect/i,
};
