import type { RequestHandler } from 'express';
import type { JweStrategyOptions } from 'passport-jwe';
import type { MintOptions } from '../support/tokens.js';

export const REALM = 'Bearer realm="api"';
export const MALFORMED = /^Bearer realm="api", error="invalid_request", error_description="[^"]+"$/;
export const NOT_VALID = `${REALM}, error="invalid_token", error_description="The access token is not valid"`;

/** A failure, and the response to it. */
export interface Row {
  readonly failure: string;
  /** Header lines of the request. Default: a valid token, as `mint` says. */
  readonly lines?: (token: string) => readonly string[];
  readonly body?: (token: string) => string;
  readonly mint?: MintOptions;
  /** What becomes of the minted token before it is sent. */
  readonly change?: (token: string) => string;
  readonly query?: (token: string) => string;
  readonly options?: Partial<JweStrategyOptions>;
  /** Whether the key ring of the resource server differs from that of the issuer. */
  readonly foreignRing?: boolean;
  readonly guard?: RequestHandler;
  readonly status: number;
  readonly challenge: string | RegExp | undefined;
  readonly error: string | undefined;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Members of the body beside `error` and `error_description`, which make it a problem (RFC 9457). Default: none. */
  readonly problem?: Readonly<Record<string, unknown>>;
}

export const bearer = (token: string) => [`Authorization: Bearer ${token}`];
export const refused = { status: 401, challenge: NOT_VALID, error: 'invalid_token' };
export const malformed = { status: 400, challenge: MALFORMED, error: 'invalid_request' };
export const bare = { status: 401, challenge: REALM, error: undefined };
