import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Response } from 'express';
import { discard } from './decode-body.js';
import { EventSplitter } from './split-events.js';
import { StreamBrokenError, type StreamEvent, type StreamMeter } from './wire-format.js';

/** Stream of a provider and the response to the client. */
export interface Relay {
  readonly body: Readable;
  readonly res: Response;
  readonly meter: StreamMeter;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /**
   * Silence in milliseconds before a keep-alive comment.
   *
   * @default 15000
   */
  readonly keepAliveMs?: number;
}

/** Silence in milliseconds after which a comment tells proxies and clients that the connection is in use. */
const KEEP_ALIVE_MS = 15_000;
const KEEP_ALIVE = ': keep-alive\n\n';

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // Prevents proxies from compressing or buffering the stream.
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/**
 * Relays a stream of events with backpressure, as received, including comments, `id` and `retry`. Sends a comment during
 * silence. Resolves after the last event.
 *
 * @throws StreamBrokenError (as rejection) if the stream ended early.
 * @throws AbortError (as rejection) if the client disconnected.
 */
export async function relayStream(relay: Relay): Promise<void> {
  const { body, res, meter, signal, keepAliveMs = KEEP_ALIVE_MS } = relay;
  const splitter = new EventSplitter();
  const decoder = new TextDecoder();
  res.status(200).set(HEADERS);
  // Events that have arrived with the provider's headers are sent with these headers, by one system call.
  const flush = setImmediate(() => res.flushHeaders());
  // Only whole events are written, so a comment can follow at any time.
  const keepAlive = setInterval(() => {
    if (!res.writableNeedDrain && !signal.aborted) res.write(KEEP_ALIVE);
  }, keepAliveMs);
  try {
    for await (const bytes of body.iterator({ destroyOnReturn: false })) {
      await sendAll(splitter.push(decoder.decode(bytes, { stream: true })));
      if (meter.isComplete) break;
    }
    if (!meter.isComplete) await sendAll(splitter.finish());
    if (!(meter.isWhole ?? meter.isComplete)) {
      throw new StreamBrokenError('The provider ended the stream early');
    }
  } catch (failure) {
    discard(body);
    throw failure;
  } finally {
    clearImmediate(flush);
    clearInterval(keepAlive);
  }
  drain(body);

  /** Sends events with one system call, including those that precede a broken event. */
  async function sendAll(events: readonly StreamEvent[]): Promise<void> {
    let text = '';
    try {
      for (const { data, ...event } of events) {
        text += data === undefined ? event.raw : meter.relay({ ...event, data });
        if (meter.isComplete) return;
      }
    } finally {
      await send(text);
    }
  }

  async function send(text: string): Promise<void> {
    signal.throwIfAborted();
    if (text === '') return;
    clearImmediate(flush);
    keepAlive.refresh();
    if (!res.write(text)) await once(res, 'drain', { signal });
  }
}

/** Time in milliseconds after its last event in which a provider can end a response. */
const DRAIN_MS = 1000;

/** Reads the rest of a body, so that the connection to the provider can be reused. */
function drain(body: Readable): void {
  if (body.readableEnded) return;
  const timer = setTimeout(() => discard(body), DRAIN_MS);
  body.on('error', () => {}).once('close', () => clearTimeout(timer));
  body.resume();
}
