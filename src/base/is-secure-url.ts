/** As `URL` writes the hosts, so `127.1` and `[0:0:0:0:0:0:0:1]` match too. */
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/** Whether nobody on the network can read or change what is sent to a URL: `https:`, or `http:` on loopback. */
export function isSecureUrl({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}
