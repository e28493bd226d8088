import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** Request to a provider. */
export interface SentRequest {
  readonly url: Readonly<URL>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Readable;
  /** Timeouts in milliseconds, or `undefined` for those of the dispatcher. */
  readonly headersTimeout: number | undefined;
  readonly bodyTimeout: number | undefined;
}

/** Events of the client and of the connection. */
export interface RequestEvents {
  /** Is called when a connection is available and the request is being sent. */
  onStart(): void;
  /** Calls a listener when the client disconnects, or at once if it has disconnected. */
  onLeave(listener: (reason: Error) => void): void;
}

/** Response whose body is still being received. */
export interface ReceivedResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/**
 * Sends a POST request and resolves with the response when its headers arrive. Less work for each request than
 * `request()` of undici, which also supports other uses.
 *
 * @throws Error (as rejection) of the connection, or the reason of the client's disconnection.
 */
export function sendRequest(
  dispatcher: Dispatcher,
  { url, headers, body: content, headersTimeout, bodyTimeout }: SentRequest,
  { onStart, onLeave }: RequestEvents,
): Promise<ReceivedResponse> {
  return new Promise((resolve, reject) => {
    let body: Readable | undefined;
    let isEnded = false;

    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'POST',
        headers,
        body: content,
        headersTimeout: headersTimeout ?? null,
        bodyTimeout: bodyTimeout ?? null,
      },
      {
        onRequestStart(controller) {
          onStart();
          onLeave((reason) => {
            if (body === undefined) controller.abort(reason);
            else body.destroy(reason);
          });
        },
        onResponseStart(controller, status, headers) {
          if (status < 200) return;
          body = new Readable({
            highWaterMark: BUFFERED_LENGTH,
            read: () => controller.resume(),
            destroy(failure, callback) {
              if (!isEnded) controller.abort(failure ?? new Error('The response is not needed'));
              callback(failure);
            },
          });
          // The connection can fail before the reader of the body listens. A later reader receives the error too.
          body.on('error', () => {});
          resolve({ status, headers, body });
        },
        onResponseData(controller, chunk) {
          if (body?.push(chunk) === false) controller.pause();
        },
        onResponseEnd() {
          isEnded = true;
          body?.push(null);
        },
        onResponseError(_controller, failure) {
          isEnded = true;
          if (body === undefined) reject(failure);
          else body.destroy(failure);
        },
      },
    );
  });
}

/** Length in bytes of the part of a response that is buffered, as in undici. */
const BUFFERED_LENGTH = 64 * 1024;
