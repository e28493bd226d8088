import { createMcpExpressApp } from '@modelcontextprotocol/express';
import type { Express } from 'express';
import {
  type AuthenticateOptions,
  authenticate,
  protectedResourceMetadata,
  protectedResourceUrl,
} from 'passport-jwe';
import { attachAuthInfo, createMcpSessions, requireToolScope } from 'passport-jwe/mcp';
import { serveMcp } from './endpoint.js';
import { createNotesServer } from './tools.js';

export interface AppSettings {
  /** URL of the MCP endpoint, and audience of its tokens. */
  readonly resource: string;
  /** Issuer that clients request tokens from. */
  readonly issuer: string;
  /** Keys and issuers of the accepted tokens, `apiKeys` and `revocations`. */
  readonly accept: Omit<AuthenticateOptions, 'scope' | 'resourceMetadata'>;
}

/** Creates an MCP server whose endpoint `/mcp` requires a token. */
export function createApp({ resource, issuer, accept }: AppSettings): Express {
  const app = createMcpExpressApp();
  const sessions = createMcpSessions();
  const resourceMetadata = protectedResourceUrl(resource);
  app.use(protectedResourceMetadata({ resource, authorizationServers: [issuer], scopes: ['notes:read'] }));
  app.use('/mcp', authenticate({ ...accept, scope: 'notes:read', resourceMetadata }));
  app.use('/mcp', attachAuthInfo(), sessions.guard);
  app.use('/mcp', requireToolScope({ list_notes: [], add_note: 'notes:write' }));
  app.all('/mcp', serveMcp(createNotesServer, sessions.newId));
  return app;
}
