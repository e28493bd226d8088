export { attachAuthInfo } from './attach-auth-info.js';
export type { AuthInfo, AuthInfoExtra } from './auth-info.js';
export { createMcpSessions, type McpSessions, type McpSessionsOptions } from './create-mcp-sessions.js';
export {
  type McpErrorCode,
  type McpTokenVerifier,
  type McpTokenVerifierOptions,
  tokenVerifier,
} from './mcp-token-verifier.js';
export { requireToolScope, type ToolScopes } from './require-tool-scope.js';
export { toAuthInfo } from './to-auth-info.js';
