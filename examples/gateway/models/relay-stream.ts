import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { createParser } from 'eventsource-parser';
import type { Response } from 'express';
import { discard } from './call-provider.js';
import { StreamBrokenError, type StreamEvent, type StreamMeter } from './wire-format.js';

/** Stream of a provider and the response to the client. */
export interface Relay {
  readonly body: Readable;
  readonly res: Response;
  readonly meter: StreamMeter;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}

/** Maximum length of an event. Providers send shorter events. */
const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // Prevents proxies from compressing or buffering the stream.
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/**
 * Relays a stream of events with backpressure. Resolves after the last event.
 *
 * @throws StreamBrokenError (as rejection) if the stream ended early.
 * @throws AbortError (as rejection) if the client disconnected.
 */
export async function relayStream({ body, res, meter, signal }: Relay): Promise<void> {
  const events: StreamEvent[] = [];
  let isTooLong = false;
  const parser = createParser({
    onEvent: ({ event, data }) => void events.push({ event, data }),
    maxBufferSize: MAX_EVENT_LENGTH,
    // Skips events that the format does not define.
    onError: ({ type }) => {
      isTooLong ||= type === 'max-buffer-size-exceeded';
    },
  });
  const decoder = new TextDecoder();
  res.status(200).set(HEADERS).flushHeaders();
  try {
    for await (const bytes of body.iterator({ destroyOnReturn: false })) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      for (const event of events.splice(0)) await send(meter.relay(event));
      if (isTooLong) throw new StreamBrokenError('The provider sent an event that is too long');
      if (meter.isComplete) break;
    }
    if (!meter.isComplete) throw new StreamBrokenError('The provider ended the stream early');
  } catch (failure) {
    discard(body);
    throw failure;
  }
  // Reads the remaining bytes, so that the connection can be reused.
  body.on('error', () => {}).resume();

  async function send(text: string): Promise<void> {
    signal.throwIfAborted();
    if (text !== '' && !res.write(text)) await once(res, 'drain', { signal });
  }
}
