import type { Socket } from 'node:net';

/**
 * Overwrite each message after it was sent, because the message of a bind contains a password. Messages are not used again. The
 * memory of a process, and thus a core dump, would otherwise contain the message until something else overwrites it.
 */
export function eraseSent(socket: Socket): void {
  // Messages that wait for others are sent with _writev() and stay. A bind is alone on its connection (RFC 4511 §4.2.1).
  const write = socket._write.bind(socket);
  socket._write = (message: unknown, encoding, done) =>
    write(message, encoding, (failure) => {
      if (message instanceof Uint8Array) message.fill(0);
      done(failure);
    });
}
