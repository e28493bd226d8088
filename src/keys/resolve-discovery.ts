import { readFile } from 'node:fs/promises';
import {
  assertObject,
  assertOptions,
  assertSecureUrl,
  assertString,
  type KnownOptions,
} from '../base/options.js';
import { parseUrl } from '../base/parse-url.js';
import type { SendRequest } from './fetch-json.js';
import { createGuardedFetch } from './guarded-fetch.js';
import { type JwksTuning, type ResolvedJwksTuning, resolveJwksTuning, TUNING } from './jwks-tuning.js';

/** Options of `discoverJwks()`. */
export interface DiscoverJwksOptions extends JwksTuning {
  /**
   * Issuer, exactly as in the claim `iss`: an `https:` URL without query. With `allowPrivate`, `http:` is allowed on
   * loopback.
   */
  readonly issuer: string;
  /**
   * Hosts of `jwks_uri`, besides the origin of the issuer, for example `['www.googleapis.com']`. A host with a port
   * other than 443 includes the port.
   *
   * @default [] (`jwks_uri` must be on the origin of the issuer)
   */
  readonly jwksHosts?: readonly string[];
  /**
   * Whether the hosts may have loopback, private and other special addresses.
   *
   * @default false (connections to such addresses fail, so metadata cannot direct requests to the local network)
   */
  readonly allowPrivate?: boolean;
  /**
   * Trusted certificate authorities: PEM text, or a file, which is read at each load.
   *
   * @default undefined (the certificate authorities of Node)
   */
  readonly ca?:
    | string
    | {
        /** Path of a file with PEM certificates. */
        readonly file: string;
      };
  /**
   * File with a bearer token for the issuer, for example of a Kubernetes service account. The file is read at each
   * load. The token is sent only to the origin of the issuer.
   *
   * @default undefined (no token)
   */
  readonly tokenFile?: string;
}

const KNOWN: KnownOptions<DiscoverJwksOptions> = {
  issuer: true,
  jwksHosts: true,
  allowPrivate: true,
  ca: true,
  tokenFile: true,
  ...TUNING,
};

/** Validated options of `discoverJwks()`. */
export interface Discovery {
  readonly tuning: ResolvedJwksTuning;
  readonly issuer: string;
  readonly origin: string;
  readonly jwksHosts: readonly string[];
  readonly tokenFile: string | undefined;
  readonly send: SendRequest;
}

/**
 * Validate the options of `discoverJwks()`, and apply the defaults.
 *
 * @throws TypeError if an option is missing or invalid.
 */
export function resolveDiscovery(options: DiscoverJwksOptions): Discovery {
  assertOptions(options, KNOWN, 'discoverJwks');
  const tuning = resolveJwksTuning(options, 'discoverJwks');
  const { allowPrivate = false, tokenFile } = options;
  if (typeof allowPrivate !== 'boolean')
    throw new TypeError('discoverJwks: allowPrivate must be a boolean, for example true');
  if (tokenFile !== undefined) assertString(tokenFile, 'discoverJwks', 'tokenFile', '/run/secrets/token');
  return {
    ...resolveIssuer(options.issuer, allowPrivate),
    tuning,
    jwksHosts: resolveHosts(options.jwksHosts),
    tokenFile,
    send: createGuardedFetch({ allowPrivate, readCa: resolveCa(options.ca) }),
  };
}

function resolveIssuer(issuer: string, allowPrivate: boolean): { issuer: string; origin: string } {
  const { protocol, origin, href } = assertSecureUrl(issuer, 'discoverJwks: issuer');
  if (protocol === 'http:' && !allowPrivate)
    throw new TypeError(
      'discoverJwks: issuer must be an https URL: set allowPrivate to true to use http on loopback',
    );
  if (/[?#]/.test(href))
    throw new TypeError('discoverJwks: issuer must not contain a query or fragment: remove it');
  if (href !== issuer && href !== `${issuer}/`)
    throw new TypeError(
      'discoverJwks: issuer must be a URL in its normal form, for example "https://idp.example.com/tenant": use lower case for the host, and no spaces, dot segments or default port',
    );
  return { issuer, origin };
}

const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/** Normalise the hosts like `URL.host`, which omits the default port. */
function resolveHosts(hosts: readonly string[] = []): readonly string[] {
  const isHost = (host: unknown) =>
    typeof host === 'string' && HOST.test(host) && parseUrl(`https://${host}`) !== undefined;
  if (!Array.isArray(hosts) || !hosts.every(isHost))
    throw new TypeError(
      'discoverJwks: jwksHosts must be an array of host names, for example ["www.googleapis.com"]',
    );
  return hosts.map((host) => new URL(`https://${host}`).host);
}

function resolveCa(ca: DiscoverJwksOptions['ca']): () => Promise<string | undefined> {
  if (ca === undefined) return async () => undefined;
  if (typeof ca === 'string') {
    assertPem(ca);
    return async () => ca;
  }
  assertObject(ca, 'discoverJwks: ca', '{ file: "ca.pem" }');
  const { file } = ca;
  assertString(file, 'discoverJwks', 'ca.file', 'ca.pem');
  return () => readFile(file, 'utf8');
}

function assertPem(text: string): void {
  if (text.includes('-----BEGIN CERTIFICATE-----')) return;
  throw new TypeError(
    'discoverJwks: ca must be a certificate in PEM or { file }, for example { file: "ca.pem" }',
  );
}
