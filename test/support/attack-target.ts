import { createServer, type ServerOptions } from 'node:http';
import express from 'express';
import {
  type AuthenticateOptions,
  authenticate,
  createAuditTrail,
  type DpopRejection,
  type TokenRejection,
  verifiedToken,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import { listen, type RawAnswer, sendRawTo } from './http.js';
import { AUDIENCE, clock, ISSUER } from './tokens.js';

/** What the attacker sees, and what the audit trail says of it. */
export interface AttackAnswer extends RawAnswer {
  /** None where no token was refused: it was accepted, or the request was turned away before that. */
  readonly reason: TokenRejection | DpopRejection | undefined;
}

/** A resource server that listens, and answers with the `sub` of the token. */
export interface AttackTarget {
  readonly port: number;
  /** Everything on record so far. */
  readonly records: readonly AuditRecord[];
  /** Sends a bearer token, one at a time. */
  present(token: string): Promise<AttackAnswer>;
  /** Sends any header lines, exactly as they are. */
  send(lines: readonly string[], body?: string): Promise<AttackAnswer>;
  close(): Promise<void>;
}

type TargetOptions = Partial<AuthenticateOptions> & Pick<AuthenticateOptions, 'keyRing'>;

/** Runs `authenticate()` behind a real socket. */
export async function startTarget(options: TargetOptions, http: ServerOptions = {}): Promise<AttackTarget> {
  const records: AuditRecord[] = [];
  const audit = createAuditTrail({
    sinks: [{ unaggregated: true, write: (record) => void records.push(record) }],
    clock,
  });
  const app = express();
  app.set('env', 'test');
  app.use(express.urlencoded({ extended: false, limit: '4mb' }));
  const service = { issuer: ISSUER, audience: AUDIENCE, clock, audit };
  app.all('/resource', authenticate({ ...service, ...options }), (req, res) => {
    res.json({ sub: verifiedToken(req).claims.sub });
  });
  const server = createServer(http, app);
  const port = await listen(server);

  const send = async (lines: readonly string[], body?: string): Promise<AttackAnswer> => {
    const before = records.length;
    const answer = await sendRawTo(port, ['POST /resource HTTP/1.1', ...lines], body);
    const record = records[before];
    return { ...answer, reason: record?.type === 'token.refused' ? record.reason : undefined };
  };
  return {
    port,
    records,
    send,
    present: (token) => send([`Authorization: Bearer ${token}`]),
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

const NOT_VALID = { error: 'invalid_token', error_description: 'The access token is not valid' };

/** The one answer to every token that is not accepted, and why it is given. */
export function refusedAs(reason: TokenRejection) {
  return {
    status: 401,
    headers: {
      'www-authenticate': `Bearer realm="api", error="${NOT_VALID.error}", error_description="${NOT_VALID.error_description}"`,
    },
    body: JSON.stringify(NOT_VALID),
    reason,
  };
}

const NO_TOKEN = 'The Authorization header must contain exactly one bearer token';

/** The answer to a value of `Authorization` that is no b64token. */
export const NO_B64TOKEN = {
  status: 400,
  headers: {
    'www-authenticate': `Bearer realm="api", error="invalid_request", error_description="${NO_TOKEN}"`,
  },
  body: JSON.stringify({ error: 'invalid_request', error_description: NO_TOKEN }),
};

/** That a token passed. */
export const ACCEPTED = { status: 200, body: '{"sub":"demo"}', reason: undefined };
