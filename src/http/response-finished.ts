import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createListeners, type Listeners } from '../base/listeners.js';
import { createRequestSlot } from './request-slot.js';

/** State of a response that is watched until it finishes. */
interface Watch {
  isFinished: boolean;
  readonly listeners: Listeners<void>;
}

const watchSlot = createRequestSlot<Watch, ServerResponse>();

/** One `close` listener per connection, for all responses that are queued on it. */
const pendingSlot = createRequestSlot<Listeners<void>, Socket>();

/**
 * Calls a listener once, when the response was sent or destroyed or its connection closed. If a connection closes, Node
 * emits no `close` on responses that are queued behind another one (HTTP pipelining). If the response has already
 * finished, the listener is called on the next tick.
 *
 * @returns a function that removes the listener.
 * @example
 * onResponseFinished(res, () => void admissionOf(req).settle({ tokens: meter.tokens }));
 */
export function onResponseFinished(res: ServerResponse, listener: () => void): () => void {
  const { isFinished, listeners } = watchOf(res);
  const remove = listeners.add(() => void listener());
  if (isFinished) {
    process.nextTick(() => {
      if (remove()) listener();
    });
  }
  return () => void remove();
}

/**
 * Tells whether the response was sent or destroyed, or its connection closed. Nothing written later reaches the client.
 *
 * @example
 * if (!isResponseFinished(res)) res.json(report);
 */
export function isResponseFinished(res: ServerResponse): boolean {
  return watchOf(res).isFinished;
}

function watchOf(res: ServerResponse): Watch {
  return watchSlot.read(res) ?? watchResponse(res);
}

function watchResponse(res: ServerResponse): Watch {
  const watch: Watch = { isFinished: false, listeners: createListeners(throwLater) };
  watchSlot.fill(res, watch);
  const socket = connectionOf(res);
  if (res.writableFinished || res.closed || socket?.destroyed === true) {
    watch.isFinished = true;
    return watch;
  }
  const finish = (): void => {
    res.off('finish', finish).off('close', finish);
    forget?.();
    watch.isFinished = true;
    watch.listeners.emit();
  };
  const forget = socket && pendingOn(socket).add(finish);
  res.once('finish', finish).once('close', finish);
  return watch;
}

/** A queued response has no socket yet, and a test double may have no request. */
function connectionOf(res: ServerResponse): Socket | undefined {
  const request: ServerResponse['req'] | undefined = res.req;
  const socket: Socket | null | undefined = res.socket ?? request?.socket;
  return typeof socket?.once === 'function' ? socket : undefined;
}

function pendingOn(socket: Socket): Listeners<void> {
  const known = pendingSlot.read(socket);
  if (known !== undefined) return known;
  const pending = createListeners(throwLater);
  pendingSlot.fill(socket, pending);
  socket.once('close', () => pending.emit());
  return pending;
}

/** Rethrows the error of a listener as an uncaught exception, after the other listeners have run. */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
