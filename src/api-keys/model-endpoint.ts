import { isSecureUrl } from '../base/is-secure-url.js';

/** Accepts `https:`, `http:` on loopback, and `echo:`, the embedded model. */
export function isModelEndpoint(endpoint: string): boolean {
  return endpoint === 'echo:' || (URL.canParse(endpoint) && isSecureUrl(new URL(endpoint)));
}
