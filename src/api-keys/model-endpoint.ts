import { isSecureUrl } from '../base/is-secure-url.js';

/** `https:` anywhere, `http:` on loopback, or `echo:`, the model that is embedded. */
export function isModelEndpoint(endpoint: string): boolean {
  return endpoint === 'echo:' || (URL.canParse(endpoint) && isSecureUrl(new URL(endpoint)));
}
