import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createListeners, type Listeners } from '../base/listeners.js';
import { createRequestSlot } from './request-slot.js';

/** State of a response, watched until the response is finished. */
interface Watch {
  isFinished: boolean;
  readonly listeners: Listeners<void>;
}

const watchSlot = createRequestSlot<Watch, ServerResponse>();

/** One `close` listener per connection, shared by all responses that are queued on the connection. */
const pendingSlot = createRequestSlot<Listeners<void>, Socket>();

/**
 * Call a listener once, when the response has been sent or destroyed, or its connection has closed. If the response is
 * already finished, the listener is called on the next tick.
 *
 * Use it instead of the `close` event: if a connection closes, Node does not emit `close` on pipelined responses that
 * are still queued.
 *
 * @returns a function that removes the listener
 * @example
 * let tokens = 0; // increases while the response is sent
 * onResponseFinished(res, () => void admissionOf(req).settle({ tokens }));
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
 * Return whether the response has been sent or destroyed, or its connection has closed. Later writes do not reach the
 * client.
 *
 * @example
 * if (!isResponseFinished(res)) res.json({ ready: true });
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

/** Return the connection of a response. A queued response has no socket yet, and a test double may have no request. */
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

/** Rethrow the error of a listener as an uncaught exception, after the other listeners have run. */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
