import { isJsonObject, type JsonObject } from '../base/json.js';
import type { DocumentFault } from './document-fault.js';

/**
 * Find missing and contradictory fields that authenticate the client. Like `checkConsistency()`, it runs before schema
 * validation.
 */
export function checkAuthentication(document: unknown): readonly DocumentFault[] {
  if (!isJsonObject(document)) return [];
  const has = (field: string): boolean => document[field] !== undefined;
  const faults: readonly (DocumentFault & { readonly applies: boolean })[] = [
    { applies: AUTHENTICATION.every((field) => !has(field)), ...NO_AUTHENTICATION },
    { applies: has('previous_api_key') && !has('api_key'), ...NO_SUCCESSOR },
    { applies: has('jwks') && has('jwks_uri'), ...TWO_KEY_SETS },
    { applies: has('tls_client_auth') && has('self_signed_tls_client_auth'), ...TWO_TLS_METHODS },
    { applies: lacksCertificates(document), ...NO_CERTIFICATE },
    { applies: has('assertion_audience') && !has('jwks') && !has('jwks_uri'), ...NO_KEY_SET },
  ];
  return faults.filter(({ applies }) => applies).map(({ path, message }) => ({ path, message }));
}

/** Fields of which one must be present. */
const AUTHENTICATION = [
  ...['api_key', 'jwks', 'jwks_uri', 'tls_client_auth', 'self_signed_tls_client_auth', 'workloads'],
];

const NO_AUTHENTICATION: DocumentFault = {
  path: ['api_key'],
  message:
    'is required unless jwks, jwks_uri, tls_client_auth, self_signed_tls_client_auth or workloads is set',
};

const NO_SUCCESSOR: DocumentFault = {
  path: ['previous_api_key'],
  message: 'is only allowed with api_key: add the new key, or remove the previous one',
};

const TWO_KEY_SETS: DocumentFault = {
  path: ['jwks_uri'],
  message: 'is not allowed with jwks: remove one of the two fields',
};

const NO_KEY_SET: DocumentFault = {
  path: ['assertion_audience'],
  message: 'is only allowed with jwks or jwks_uri: add the keys of the client, or remove the field',
};

const TWO_TLS_METHODS: DocumentFault = {
  path: ['self_signed_tls_client_auth'],
  message: 'is not allowed with tls_client_auth: remove one of the two fields',
};

const NO_CERTIFICATE: DocumentFault = {
  path: ['self_signed_tls_client_auth', 'thumbprints'],
  message: 'is required unless a JWK in jwks has x5c: add the fingerprint of the certificate',
};

/** Whether a client authenticates by registered certificates, but the file registers none. */
function lacksCertificates({ self_signed_tls_client_auth: rules, jwks }: JsonObject): boolean {
  if (!isJsonObject(rules) || rules['thumbprints'] !== undefined) return false;
  const keys = isJsonObject(jwks) && Array.isArray(jwks['keys']) ? jwks['keys'] : [];
  return !keys.some((key) => isJsonObject(key) && key['x5c'] !== undefined);
}
