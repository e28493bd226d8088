import { readFile, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import passport from 'passport';
import type { Revocations, TokenClient, UserSessions } from 'passport-jwe';
import type { AuthenticateOptions, ClaimsSchema, DecryptionKeys, RotatingKeyRing } from 'passport-jwe/accept';
import type { ApiKeyRegistry } from 'passport-jwe/api-keys';
import type { Directory } from 'passport-jwe/ldap';
import type { LmdbStores } from 'passport-jwe/lmdb';
import type { AuthInfo, McpTokenVerifier } from 'passport-jwe/mcp';
import type { TestClock } from 'passport-jwe/testing';
import { type Logger, pino } from 'pino';
import request from 'supertest';
import { z } from 'zod';

// Names that the examples of docstrings use and do not declare: of other packages, and of the application.

export type { ErrorRequestHandler, Request } from 'express';
export { express, passport, pino, readFile, request, writeFile, z };

export declare const app: Express;
export declare const req: Request;
export declare const res: Response;
export declare const server: Server;
export declare const error: unknown;
export declare const log: Logger;

export declare const keyRing: RotatingKeyRing;
export declare const issuer: string;
export declare const audience: string;
export declare const options: AuthenticateOptions;
export declare const apiKeys: ApiKeyRegistry;
export declare const stores: LmdbStores;
export declare const revocations: Revocations;
export declare const decryption: DecryptionKeys;
export declare const userSessions: UserSessions;
export declare const client: TokenClient;
export declare const corp: Directory;
export declare const clock: TestClock;

export declare const sessionId: string;
export declare const passphrase: string;
export declare const salt: string;
export declare const secret: string;
export declare const token: string;

export type Tool = { readonly function: { readonly name: string } };
export type MyUser = { readonly scope: string };
export declare const claimsSchema: ClaimsSchema<{ tenant: string }>;

export declare function createApp(settings: AuthenticateOptions): Express;
export declare function complete(body: unknown): Promise<{ answer: object; tokens: number }>;
export declare function readSecret(name: string): Promise<string>;
export declare const admin: RequestHandler;
export declare const billing: RequestHandler;
export declare const chat: RequestHandler;
export declare const deleteAccount: RequestHandler;
export declare const euRouter: RequestHandler;
export declare const listInvoices: RequestHandler;
export declare const listReports: RequestHandler;
export declare const proxy: RequestHandler;
export declare const reports: RequestHandler;
export declare const startJob: RequestHandler;

// The SDKs of MCP are not installed here. These are the members that the examples use.
export declare class StreamableHTTPServerTransport {
  constructor(settings: { readonly sessionIdGenerator: () => string });
  handleRequest(req: Request, res: Response, body: unknown): Promise<void>;
}
export declare class OAuthError extends Error {
  constructor(code: string, message: string);
}
export declare function requireBearerAuth(settings: {
  readonly verifier: McpTokenVerifier;
  readonly expectedResource: URL;
  readonly resourceMetadataUrl: string;
}): RequestHandler;
export declare const transport: StreamableHTTPServerTransport;
export declare const handler: {
  fetch(request: globalThis.Request, settings: { readonly authInfo: AuthInfo }): Promise<globalThis.Response>;
};
export declare function toWebRequest(req: Request): globalThis.Request;
