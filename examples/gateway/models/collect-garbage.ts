import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Length in bytes of the bodies after which garbage is collected. */
const LENGTH = 8 * 1024 * 1024;

let collect: (() => void) | undefined;
let parsed = 0;

/**
 * Collects the garbage of previous large bodies. Call it before a body is parsed. A parsed body leaves several times its
 * length as garbage, and V8 keeps the garbage of many bodies before it collects any.
 *
 * @param length length of the JSON to parse in bytes.
 */
export function collectGarbage(length: number): void {
  parsed += length;
  if (parsed < LENGTH) return;
  parsed = 0;
  collect ??= exposeCollection();
  collect();
}

function exposeCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  return typeof gc === 'function' ? () => void gc() : () => undefined;
}
