import type { RequestHandler } from 'express';
import { hasQueryOrFragment } from '../base/has-query-or-fragment.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { serveMetadata } from '../http/serve-metadata.js';
import { wellKnownUrl } from '../http/well-known-url.js';
import { WELL_KNOWN_NAME } from './protected-resource-url.js';

/** Options of `protectedResourceMetadata()`: the members of the metadata document (RFC 9728 §2). */
export interface ProtectedResourceMetadataOptions {
  /** URL of the API, and audience of its tokens. */
  readonly resource: string;
  /** Issuers whose tokens the API accepts, at least one. */
  readonly authorizationServers: readonly string[];
  /**
   * Scope tokens that the routes of the API require.
   *
   * @default undefined (the metadata document lists no scopes)
   */
  readonly scopes?: readonly string[];
}

const KNOWN: KnownOptions<ProtectedResourceMetadataOptions> = {
  resource: true,
  authorizationServers: true,
  scopes: true,
};

/**
 * Middleware that publishes the protected resource metadata of an API. Mount it at the root of the application. It
 * serves the document at `protectedResourceUrl(resource)`.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @see RFC 9728
 *
 * @example
 * const resource = 'https://api.example.com';
 * app.use(protectedResourceMetadata({ resource, authorizationServers: ['https://auth.example.com'] }));
 */
export function protectedResourceMetadata(options: ProtectedResourceMetadataOptions): RequestHandler {
  assertOptions(options, KNOWN, 'protectedResourceMetadata');
  const { resource, authorizationServers, scopes } = options;
  const url = wellKnownUrl(resource, WELL_KNOWN_NAME, 'protectedResourceMetadata: resource');
  assertIssuers(authorizationServers);
  if (scopes !== undefined && !isListOfStrings(scopes)) {
    throw new TypeError(
      'protectedResourceMetadata: scopes must be an array of strings, for example ["read:reports"]',
    );
  }
  const document = Object.freeze({
    resource,
    authorization_servers: [...authorizationServers],
    bearer_methods_supported: ['header'],
    ...(scopes === undefined ? {} : { scopes_supported: [...scopes] }),
  });
  return serveMetadata(url, (res) => res.json(document));
}

function assertIssuers(issuers: unknown): void {
  if (isListOfStrings(issuers) && issuers.length > 0 && issuers.every(isIssuer)) return;
  throw new TypeError(
    'protectedResourceMetadata: authorizationServers must be a non-empty array of issuer URLs without query and fragment, for example ["https://auth.example.com"]',
  );
}

/** Whether a string is an issuer identifier (RFC 8414 §2). */
function isIssuer(issuer: string): boolean {
  return URL.canParse(issuer) && !hasQueryOrFragment(issuer);
}

function isListOfStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
