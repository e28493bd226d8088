import { type Agent, type IncomingMessage, request } from 'node:http';

/** A request of a load generator. */
export interface SentRequest {
  readonly agent: Agent;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Result of a request. `error` is the error code of the connection, for example `ECONNRESET`. */
export interface Received {
  readonly status: number;
  readonly text: string;
  readonly error?: string;
}

/** Send a request with `node:http`, without a retry, and read the whole response. It never rejects. */
export function sendRequest(
  url: string,
  { agent, method = 'GET', headers = {}, body = '' }: SentRequest,
): Promise<Received> {
  const length = method === 'GET' ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const sent = request(url, { agent, method, headers: { ...headers, ...length } });
    const fail = (error: NodeJS.ErrnoException, status = 0, text = '') =>
      resolve({ status, text, error: error.code ?? error.message });
    sent.once('response', (answer: IncomingMessage) => {
      const status = answer.statusCode ?? 0;
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
      });
      answer.once('end', () => resolve({ status, text }));
      answer.once('error', (error: NodeJS.ErrnoException) => fail(error, status, text));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => fail(error));
    sent.end(body);
  });
}
