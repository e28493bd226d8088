import * as z from 'zod';

/**
 * Schemas with which MCP clients parse metadata: those of `@modelcontextprotocol/sdk` 1.32.2, `shared/auth.js`, with the
 * members that it requires or checks.
 */
const url = z.url().refine((text) => !/^(javascript|data|vbscript):/.test(text));
const texts = z.array(z.string());

export const mcpServerMetadata = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: url,
  token_endpoint: url,
  registration_endpoint: url.optional(),
  scopes_supported: texts.optional(),
  response_types_supported: texts,
  response_modes_supported: texts.optional(),
  grant_types_supported: texts.optional(),
  token_endpoint_auth_methods_supported: texts.optional(),
  service_documentation: url.optional(),
  revocation_endpoint: url.optional(),
  revocation_endpoint_auth_methods_supported: texts.optional(),
  introspection_endpoint: z.string().optional(),
  introspection_endpoint_auth_methods_supported: texts.optional(),
  code_challenge_methods_supported: texts.optional(),
  client_id_metadata_document_supported: z.boolean().optional(),
});

export const mcpOpenIdMetadata = mcpServerMetadata.extend({
  jwks_uri: url,
  subject_types_supported: texts,
  id_token_signing_alg_values_supported: texts,
  claims_supported: texts.optional(),
  request_uri_parameter_supported: z.boolean().optional(),
  op_policy_uri: url.optional(),
  op_tos_uri: url.optional(),
});

export const mcpResourceMetadata = z.looseObject({
  resource: z.url(),
  authorization_servers: z.array(url).optional(),
  jwks_uri: z.url().optional(),
  scopes_supported: texts.optional(),
  bearer_methods_supported: texts.optional(),
  resource_name: z.string().optional(),
  resource_documentation: z.string().optional(),
  resource_policy_uri: z.url().optional(),
});
