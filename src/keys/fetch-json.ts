/** Maximum size of a response in bytes. */
const MAX_BYTES = 256 * 1024;

/** Function that sends a GET request: `fetch`, or a function of `createGuardedFetch()`. */
export type SendRequest = (url: URL, init: RequestSettings) => Promise<StreamedAnswer>;

/** The members of a response that are used. */
export interface StreamedAnswer {
  readonly status: number;
  readonly body: (AsyncIterable<Uint8Array> & { cancel?(): Promise<void> }) | null;
}

export interface RequestSettings {
  readonly headers: Readonly<Record<string, string>>;
  readonly redirect: 'error';
  readonly signal: AbortSignal;
}

/** Settings of a request for a JSON document. */
export interface JsonRequest {
  readonly send: SendRequest;
  /** Aborts the request. */
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  /** Document and remedy for the error messages. */
  readonly subject: JsonSubject;
}

export interface JsonSubject {
  /** Name of the document, for example `JWK Set`. */
  readonly name: string;
  /** Instruction to check the URL, for example `check url in remoteJwks()`. */
  readonly remedy: string;
}

export interface JsonAnswer {
  readonly status: number;
  /** Parsed body. `undefined` unless the status is 200. */
  readonly json?: unknown;
}

/**
 * Fetch a JSON document. Redirects are not followed.
 *
 * @returns the response with status 200 or 404.
 * @throws Error (as rejection) if the request fails or is aborted, the status is different, or the response is larger
 *   than 256 KiB or not JSON.
 */
export async function fetchJson(
  url: URL,
  { send, signal, headers, subject }: JsonRequest,
): Promise<JsonAnswer> {
  const answer = await send(url, { headers, redirect: 'error', signal });
  const { status } = answer;
  if (status === 200) return { status, json: parse(await readBounded(answer, subject), subject) };
  await answer.body?.cancel?.();
  if (status === 404) return { status };
  throw unexpectedStatus(status, subject);
}

/** Create the error for a status other than 200. */
export function unexpectedStatus(status: number, { name, remedy }: JsonSubject): Error {
  return new Error(`The ${name} request returned status ${status}, expected 200: ${remedy}`);
}

async function readBounded({ body }: StreamedAnswer, { name, remedy }: JsonSubject): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error(`The ${name} is larger than ${MAX_BYTES} bytes: ${remedy}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Parse JSON. Discard the error of the parser, because it quotes the text. */
function parse(text: string, { name, remedy }: JsonSubject): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The ${name} is not JSON: ${remedy}`);
  }
}
