const LOOPBACK = new Set(['127.0.0.1', '::1', '[::1]', 'localhost']);

/** Whether a host is the loopback interface of this machine. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}
