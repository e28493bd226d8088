import type { JsonObject, JsonValue } from '../base/json.js';
import { assertSecureUrl } from '../base/options.js';
import { copyMembers, type MetadataMembers } from '../http/metadata-members.js';

/**
 * Members that describe the sign-in of users: RFC 8414 §2, RFC 9126 §5, OpenID Connect Discovery 1.0 §3 and OpenID
 * Connect RP-Initiated Logout 1.0 §2.1. All other members describe the issuer or the token endpoint, which differ, so
 * that copies would be false. This also applies to `signed_metadata`, which would replace the issuer.
 */
const SIGN_IN: ReadonlySet<string> = new Set([
  ...['authorization_endpoint', 'registration_endpoint', 'end_session_endpoint', 'jwks_uri'],
  ...['pushed_authorization_request_endpoint', 'require_pushed_authorization_requests'],
  ...['response_types_supported', 'response_modes_supported', 'code_challenge_methods_supported'],
  ...['scopes_supported', 'prompt_values_supported', 'authorization_details_types_supported'],
  ...['request_parameter_supported', 'request_uri_parameter_supported', 'require_request_uri_registration'],
  ...['request_object_signing_alg_values_supported', 'request_object_encryption_alg_values_supported'],
  ...['request_object_encryption_enc_values_supported', 'client_id_metadata_document_supported'],
  ...['subject_types_supported', 'acr_values_supported', 'display_values_supported', 'claim_types_supported'],
  ...['claims_supported', 'claims_parameter_supported', 'claims_locales_supported', 'ui_locales_supported'],
  ...['id_token_signing_alg_values_supported', 'id_token_encryption_alg_values_supported'],
  ...['id_token_encryption_enc_values_supported', 'service_documentation', 'op_policy_uri', 'op_tos_uri'],
]);

const EXAMPLE = '{ authorization_endpoint, response_types_supported }';

/**
 * Return the members of the metadata of another authorization server that describe the sign-in of users.
 *
 * @param name function and option, for the error messages
 * @throws TypeError if the metadata is malformed, or names no authorization endpoint and response types
 */
export function delegatedMembers(metadata: MetadataMembers, name: string): JsonObject {
  const all = copyMembers(metadata, name, EXAMPLE);
  assertSignIn(all, name);
  return Object.fromEntries(Object.entries(all).filter(([member]) => SIGN_IN.has(member)));
}

/**
 * Assert that members name an authorization endpoint and its response types.
 *
 * @param name function and option, for the error messages
 * @throws TypeError if a member is missing or malformed
 */
export function assertSignIn(members: JsonObject, name: string): void {
  assertSecureUrl(members['authorization_endpoint'], `${name}.authorization_endpoint`);
  if (isFilledList(members['response_types_supported'])) return;
  throw new TypeError(
    `${name}.response_types_supported must be a non-empty array of strings, for example ["code"]`,
  );
}

/** Whether a document has the members that OpenID Connect Discovery 1.0 §3 requires besides those of RFC 8414. */
export function isOpenIdMetadata(document: JsonObject): boolean {
  return (
    typeof document['authorization_endpoint'] === 'string' &&
    typeof document['jwks_uri'] === 'string' &&
    isFilledList(document['subject_types_supported']) &&
    isFilledList(document['id_token_signing_alg_values_supported'])
  );
}

function isFilledList(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}
