import {
  AccessDeniedError,
  InvalidTokenError,
  ServerError,
} from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { protectedResourceUrl, type TokenVerifierOptions } from 'passport-jwe';
import { tokenVerifier } from 'passport-jwe/mcp';

const ERRORS = {
  invalid_token: InvalidTokenError,
  access_denied: AccessDeniedError,
  server_error: ServerError,
};

/** Creates a guard for an MCP endpoint with SDK 1. */
export function requireToken(resource: string, accept: TokenVerifierOptions) {
  return requireBearerAuth({
    verifier: tokenVerifier({ ...accept, createError: (code, message) => new ERRORS[code](message) }),
    requiredScopes: ['notes:read'],
    expectedResource: new URL(resource),
    resourceMetadataUrl: protectedResourceUrl(resource),
  });
}
