/** Loopback hosts in the normalised form of `URL`, so `127.1` and `[0:0:0:0:0:0:0:1]` match too. */
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/** Whether a URL uses `https:`, or `http:` on a loopback host, so that network attackers cannot read the traffic. */
export function isSecureUrl({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}
