import { createServer } from 'node:http';
import express, { type ErrorRequestHandler } from 'express';
import { listen } from '../server.js';
import { echoAnthropic } from './echo-anthropic.js';
import { echoOpenai } from './echo-openai.js';
import { echoResponses } from './echo-responses.js';

/** Embedded model that requires no provider account. It repeats the prompt in each API format, over a real socket. */
export interface EchoModel {
  /** Returns the origin of the model. The first call starts its server. */
  origin(): Promise<string>;
  close(): Promise<void>;
}

const unreadable: ErrorRequestHandler = (_error, _req, res, _next) => {
  const message = 'The echo model cannot parse this request';
  const error = { type: 'invalid_request_error', code: 'unreadable', message };
  res.status(400).json({ type: 'error', error });
};

/** Creates the echo model. `close()` stops its server. */
export function createEchoModel(): EchoModel {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '32mb' }), echoOpenai(), echoResponses(), echoAnthropic(), unreadable);
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
