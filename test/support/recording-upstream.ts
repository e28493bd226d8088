import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';

/** A request as an upstream received it. */
export interface UpstreamRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, with the case and the order in which they were sent. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly bytes: Buffer;
}

/** An upstream on a real socket that remembers what it was asked, and answers as the test says. */
export interface RecordingUpstream {
  readonly origin: string;
  /** Since `answer()` was called last. */
  readonly requests: readonly UpstreamRequest[];
  /** Answers that come next, each once; the last of them stays. */
  answer(...answers: readonly UpstreamReply[]): void;
  close(): Promise<void>;
}

export type UpstreamReply = (res: ServerResponse, req: IncomingMessage) => void;

export async function startRecordingUpstream(): Promise<RecordingUpstream> {
  const requests: UpstreamRequest[] = [];
  let replies: readonly UpstreamReply[] = [];

  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of req) chunks.push(Buffer.from(chunk));
    } catch {
      // A request that is aborted before its end has no answer.
      return;
    }
    const bytes = Buffer.concat(chunks);
    const { url: path = '', headers, rawHeaders } = req;
    requests.push({ path, headers, rawHeaders, body: bytes.toString('utf8'), bytes });
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

export function replyJson(body: object, status = 200, headers = {}): UpstreamReply {
  return (res) =>
    void res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Streams these texts as they are. */
export function replyStream(...texts: readonly string[]): UpstreamReply {
  return (res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const text of texts) res.write(text);
    res.end();
  };
}
