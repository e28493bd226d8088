// Starts the MCP server of the guide with SDK 1, and prints its URL. Tokens are under the key JWE_KEY.
import { createServer } from 'node:http';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Request, Response } from 'express';
import { authenticate, createKeyRing, protectedResourceMetadata, protectedResourceUrl } from 'passport-jwe';
import { attachAuthInfo, createMcpSessions, requireToolScope } from 'passport-jwe/mcp';
import { z } from 'zod';

const issuer = 'https://auth.example.com';
const resource = process.env['RESOURCE'] ?? '';
const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } });

const app = createMcpExpressApp();
const sessions = createMcpSessions();
const resourceMetadata = protectedResourceUrl(resource);
app.use(protectedResourceMetadata({ resource, authorizationServers: [issuer], scopes: ['notes:read'] }));
app.use('/mcp', authenticate({ keyRing, issuer, audience: resource, scope: 'notes:read', resourceMetadata }));
app.use('/mcp', attachAuthInfo(), sessions.guard);
app.use('/mcp', requireToolScope({ whoami: [], add_note: 'notes:write' }));

const transports = new Map<string, StreamableHTTPServerTransport>();
app.all('/mcp', async (req: Request, res: Response) => {
  const id = req.get('mcp-session-id');
  const open = id === undefined ? undefined : transports.get(id);
  if (open !== undefined) return open.handleRequest(req, res, req.body);
  if (!isInitializeRequest(req.body)) return void res.status(404).end();
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => sessions.newId(req),
    onsessioninitialized: (newId) => void transports.set(newId, transport),
  });
  await createNotesServer().connect(transport);
  return transport.handleRequest(req, res, req.body);
});

function createNotesServer(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Names the caller' }, (extra) => ({
    content: [{ type: 'text', text: String(extra.authInfo?.clientId) }],
  }));
  server.registerTool(
    'add_note',
    { description: 'Adds a note', inputSchema: { note: z.string() } },
    ({ note }) => ({
      content: [{ type: 'text', text: `Added: ${note}` }],
    }),
  );
  return server;
}

createServer(app).listen(Number(new URL(resource).port), '127.0.0.1', () => console.log(resource));
