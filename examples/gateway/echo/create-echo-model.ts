import { createServer } from 'node:http';
import express, { type ErrorRequestHandler } from 'express';
import { listen } from '../server.js';
import { echoAnthropic } from './echo-anthropic.js';
import { echoOpenai } from './echo-openai.js';

/** A model without an account: it repeats the prompt, over a real socket, in both formats. */
export interface EchoModel {
  /** Its origin. It starts to listen on the first call. */
  origin(): Promise<string>;
  close(): Promise<void>;
}

const unreadable: ErrorRequestHandler = (_error, _req, res, _next) => {
  const message = 'The echo model cannot parse this request';
  const error = { type: 'invalid_request_error', code: 'unreadable', message };
  res.status(400).json({ type: 'error', error });
};

export function createEchoModel(): EchoModel {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '32mb' }), echoOpenai(), echoAnthropic(), unreadable);
  const server = createServer(app);
  let listening: Promise<string> | undefined;

  return {
    origin() {
      listening ??= listen(server, { host: '127.0.0.1', port: 0 });
      return listening;
    },
    async close() {
      if (listening === undefined) return;
      await listening;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
