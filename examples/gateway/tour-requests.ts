/** Request of the tour. */
export interface TourRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Record<string, string>;
  readonly json?: object;
}

/** Sends a request, prints it with its response, and resolves with the body. */
export type Send = (request: TourRequest, expected: number) => Promise<Record<string, unknown>>;

/** Response headers that the tour prints. */
const SHOWN_HEADERS = ['www-authenticate', 'cache-control'];

/**
 * Creates a function that sends requests to an origin.
 *
 * @throws Error (as rejection of the function) if the response has an unexpected status.
 */
export function createSend(origin: string): Send {
  return async (request, expected) => {
    const { method = 'GET', path, headers = {}, form, json } = request;
    const type: Record<string, string> = json === undefined ? {} : { 'Content-Type': 'application/json' };
    const body = form === undefined ? json && JSON.stringify(json) : new URLSearchParams(form);
    const answer = await fetch(origin + path, {
      method,
      headers: { ...type, ...headers },
      ...(body ? { body } : {}),
    });
    const text = await answer.text();

    console.log(`\n  > ${method} ${path}`);
    for (const [name, value] of Object.entries(headers)) console.log(`  > ${name}: ${shorten(value)}`);
    if (body !== undefined) console.log(`  > ${shorten(String(body))}`);
    console.log(`  < ${answer.status} ${answer.statusText}`);
    for (const name of SHOWN_HEADERS) {
      if (answer.headers.has(name)) console.log(`  < ${name}: ${answer.headers.get(name)}`);
    }
    if (text !== '') console.log(`  < ${shorten(text)}`);
    if (answer.status !== expected)
      throw new Error(
        `${method} ${path} returned ${answer.status} instead of ${expected}: see the response above`,
      );
    return answer.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : {};
  };
}

/** Shortens all tokens and proofs in a string. */
function shorten(text: string): string {
  return text
    .replace(/eyJ[\w-]+\.[\w.-]+/g, (token) => `${token.slice(0, 24)}...${token.slice(-8)}`)
    .slice(0, 400);
}
