/** Loopback hosts as normalised by `URL`, so `127.1` and `[0:0:0:0:0:0:0:1]` match too. */
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/** Whether traffic to a URL is protected from the network: `https:`, or `http:` on loopback. */
export function isSecureUrl({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}
