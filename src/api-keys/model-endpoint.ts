const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** `https:` anywhere, `http:` on loopback, or `echo:`, the model that is embedded. */
export function isModelEndpoint(endpoint: string): boolean {
  if (endpoint === 'echo:') return true;
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}
