import type { IncomingMessage } from 'node:http';
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  isInitializeRequest,
  isLegacyRequest,
  type McpServer,
} from '@modelcontextprotocol/server';
import type { Request, RequestHandler, Response } from 'express';
import { toAuthInfo } from 'passport-jwe/mcp';
import { SessionTable } from './session-table.js';

/**
 * Creates a handler for streamable HTTP. It serves the protocol version 2026-07-28 without sessions, and earlier versions
 * with sessions.
 *
 * @param newSessionId returns the session ID for a request that starts a session
 */
export function serveMcp(
  createServer: () => McpServer,
  newSessionId: (req: IncomingMessage) => string,
): RequestHandler {
  const serveModern = toNodeHandler(createMcpHandler(createServer, { legacy: 'reject' }));
  const sessions = new SessionTable<NodeStreamableHTTPServerTransport>({
    maxPerCaller: 10,
    idleMs: 30 * 60_000,
  });

  const open = async (req: Request): Promise<NodeStreamableHTTPServerTransport> => {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => newSessionId(req),
      onsessioninitialized: (id) => sessions.add(id, callerOf(req), transport),
      onsessionclosed: (id) => sessions.delete(id),
    });
    await createServer().connect(transport);
    return transport;
  };
  const serveSession = async (req: Request, res: Response): Promise<void> => {
    const id = req.get('mcp-session-id');
    const transport = id === undefined ? undefined : sessions.use(id);
    if (transport !== undefined) return transport.handleRequest(req, res, req.body);
    if (id === undefined && isInitializeRequest(req.body)) {
      return (await open(req)).handleRequest(req, res, req.body);
    }
    const error = { code: -32_001, message: 'Session not found' };
    res.status(id === undefined ? 400 : 404).json({ jsonrpc: '2.0', error, id: null });
  };
  return async (req, res) => {
    const isLegacy = await isLegacyRequest(await toWebRequest(req, req.body), req.body);
    await (isLegacy ? serveSession(req, res) : serveModern(req, res, req.body));
  };
}

/** Identifies the caller as the session IDs do: by issuer, subject and client. */
function callerOf(req: Request): string {
  const { clientId, extra } = toAuthInfo(req);
  return JSON.stringify([extra.claims.iss, extra.claims.sub ?? null, clientId]);
}
