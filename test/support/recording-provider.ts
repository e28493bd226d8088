import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';

/** A request as a provider of models received it. */
export interface ProviderRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A provider on a real socket that remembers what it was asked, and answers as the test says. */
export interface RecordingProvider {
  readonly origin: string;
  readonly requests: readonly ProviderRequest[];
  /** Answers that come next, each once; the last of them stays. */
  answer(...answers: readonly ProviderReply[]): void;
  close(): Promise<void>;
}

export type ProviderReply = (res: ServerResponse, req: IncomingMessage) => void;

export async function startRecordingProvider(): Promise<RecordingProvider> {
  const requests: ProviderRequest[] = [];
  let replies: readonly ProviderReply[] = [replyJson({})];

  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(Buffer.from(chunk));
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    requests.push({ path: req.url ?? '', headers: req.headers, body });
    const [reply, ...others] = replies;
    if (others.length > 0) replies = others;
    reply?.(res, req);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    answer(...answers) {
      requests.splice(0);
      replies = answers;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function replyJson(body: object, status = 200, headers = {}): ProviderReply {
  return (res) =>
    void res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Streams these texts as they are. */
export function replyStream(...texts: readonly string[]): ProviderReply {
  return (res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const text of texts) res.write(text);
    res.end();
  };
}
