import type { IncomingMessage } from 'node:http';

/** A request of Node.js, with the members that Express and its body parsers add, if any. */
export interface IncomingRequest extends IncomingMessage {
  readonly baseUrl?: string;
  readonly body?: unknown;
  readonly ip?: string | undefined;
}
