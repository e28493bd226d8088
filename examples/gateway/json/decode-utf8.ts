import { isAscii } from 'node:buffer';

/** Decodes UTF-8. The decoder of Node.js takes several times as long, also for bytes that are ASCII alone. */
export function decodeUtf8(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}
