import { requireBearerAuth } from '@modelcontextprotocol/express';
import { OAuthError } from '@modelcontextprotocol/server';
import { protectedResourceUrl, type TokenVerifierOptions } from 'passport-jwe';
import { tokenVerifier } from 'passport-jwe/mcp';

/** Creates a guard for an MCP endpoint with SDK 2. */
export function requireToken(resource: string, accept: TokenVerifierOptions) {
  return requireBearerAuth({
    verifier: tokenVerifier({ ...accept, createError: (code, message) => new OAuthError(code, message) }),
    requiredScopes: ['notes:read'],
    expectedResource: new URL(resource),
    resourceMetadataUrl: protectedResourceUrl(resource),
  });
}
