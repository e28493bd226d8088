import { type AddressSet, createAddressSet } from '../base/address-set.js';
import { assertOptions, type KnownOptions } from '../base/options.js';

/**
 * Source of client certificates for mutual TLS (RFC 8705): the TLS connection itself, or the header of a reverse proxy
 * that terminates TLS. Exactly one source is read.
 *
 * @example
 * const mutualTls = { certificate: 'nginx', proxies: ['10.0.3.0/24'] } as const;
 */
export type MutualTlsOptions =
  | {
      /** `'socket'`: the server of Node.js terminates TLS, with `requestCert: true`. */
      readonly certificate: 'socket';
    }
  | {
      /**
       * `'nginx'`: the header `X-SSL-Client-Cert` contains `$ssl_client_escaped_cert`. `X-SSL-Client-Verify` contains
       * `$ssl_client_verify`, which must be `SUCCESS` for `tls_client_auth`.
       */
      readonly certificate: 'nginx';
      /**
       * Addresses of the reverse proxies, as IP addresses or CIDR blocks. The header counts only if the peer of the
       * connection is one of them. `X-Forwarded-For` and `trust proxy` have no effect.
       */
      readonly proxies: readonly string[];
    }
  | {
      /**
       * Form of the header:
       *
       * - `'client-cert'`: `Client-Cert` (RFC 9440)
       * - `'xfcc'`: `X-Forwarded-Client-Cert` of Envoy, of which the last element counts
       * - `'aws'`: the Application Load Balancer. With `verified: true`, `X-Amzn-Mtls-Clientcert-Leaf` of the mode
       *   `verify`, otherwise `X-Amzn-Mtls-Clientcert` of the mode `passthrough`
       */
      readonly certificate: 'client-cert' | 'xfcc' | 'aws';
      /** Addresses of the reverse proxies, as for nginx. */
      readonly proxies: readonly string[];
      /**
       * Whether the proxy rejects every certificate that no trusted authority has issued. `tls_client_auth` requires
       * it.
       *
       * @default false (only registered certificates and certificate-bound tokens are accepted)
       */
      readonly verified?: boolean;
    };

/** Members of all forms of the option. */
interface MutualTlsMembers {
  readonly certificate: MutualTlsOptions['certificate'];
  readonly proxies?: readonly string[];
  readonly verified?: boolean;
}

/** Validated source of client certificates. */
export type CertificateSource =
  | { readonly kind: 'socket' }
  | {
      readonly kind: Exclude<MutualTlsOptions['certificate'], 'socket'>;
      readonly proxies: AddressSet;
      /** Whether the proxy has verified every certificate. For nginx, a header tells it for each certificate. */
      readonly isVerified: boolean;
    };

const KNOWN: KnownOptions<MutualTlsMembers> = { certificate: true, proxies: true, verified: true };

const KINDS = ['socket', 'client-cert', 'xfcc', 'nginx', 'aws'] as const;

/**
 * Check the option `mutualTls`.
 *
 * @param where function that takes the option, for the error messages
 * @throws TypeError if a member is missing, unknown or malformed, or `proxies` contains foreign networks
 */
export function resolveMutualTls(options: MutualTlsOptions, where: string): CertificateSource {
  const members: MutualTlsMembers = options;
  assertOptions(members, KNOWN, `${where}: mutualTls`);
  const name = `${where}: mutualTls`;
  const { certificate: kind, proxies, verified } = members;
  if (!KINDS.includes(kind)) {
    throw new TypeError(
      `${name}.certificate must be one of ${KINDS.join(', ')}, for example { certificate: "socket" }`,
    );
  }
  if (verified !== undefined && (kind === 'socket' || kind === 'nginx')) {
    throw new TypeError(`${name}.verified must not be set: ${kind} states it for each certificate`);
  }
  if (verified !== undefined && typeof verified !== 'boolean') {
    throw new TypeError(`${name}.verified must be a boolean`);
  }
  if (kind !== 'socket') {
    return { kind, proxies: createAddressSet(proxies, `${name}.proxies`), isVerified: verified === true };
  }
  if (proxies !== undefined) {
    throw new TypeError(`${name}.proxies must not be set: no proxy terminates TLS before the socket`);
  }
  return { kind };
}

/**
 * Whether the source can tell that a trusted CA issued a certificate, which `tls_client_auth` requires (RFC 8705 §2.1).
 */
export function verifiesCertificates(source: CertificateSource): boolean {
  return source.kind === 'socket' || source.kind === 'nginx' || source.isVerified;
}
