import { createServer } from 'node:http';
import { jest } from '@jest/globals';
import { listen } from '../support/http.js';

/** The states of a sample application: with the old package, with both, and with passport-jwe alone. */
export const STATES = ['before', 'during', 'after'] as const;

export type State = (typeof STATES)[number];

/** What an application answered. A body that is not JSON is a string. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly challenge: string | null;
}

/** A sample application that listens on loopback. */
export interface SampleApp {
  get(path: string, authorization?: string): Promise<Answer>;
  post(path: string, body: object, authorization?: string): Promise<Answer>;
  close(): void;
}

/** Starts one state of a sample application with separate modules, since Passport is a singleton. */
export async function startSampleApp(
  name: string,
  state: State,
  environment: Readonly<Record<string, string>>,
): Promise<SampleApp> {
  Object.assign(process.env, environment);
  jest.resetModules();
  const { app } = await import(`./${name}/${state}.js`);
  const server = createServer(app);
  const origin = `http://127.0.0.1:${await listen(server)}`;

  const send = async (
    path: string,
    authorization: string | undefined,
    init: RequestInit,
  ): Promise<Answer> => {
    const headers = {
      'Content-Type': 'application/json',
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    };
    const answer = await fetch(`${origin}${path}`, { ...init, headers });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: answer.status,
      body: isJson ? JSON.parse(text) : text,
      challenge: answer.headers.get('www-authenticate'),
    };
  };

  return {
    get: (path, authorization) => send(path, authorization, {}),
    post: (path, body, authorization) =>
      send(path, authorization, { method: 'POST', body: JSON.stringify(body) }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The token in the response to a sign-in, as an `Authorization` header. */
export function bearerOf({ body }: Answer): string {
  if (typeof body === 'object' && body !== null && 'token' in body) return `Bearer ${body.token}`;
  throw new Error('The response contains no token');
}
