import { isSecureUrl } from '../base/is-secure-url.js';

/** Whether a model endpoint is an `https:` URL, an `http:` URL on loopback, or `echo:` for the embedded model. */
export function isModelEndpoint(endpoint: string): boolean {
  return endpoint === 'echo:' || (URL.canParse(endpoint) && isSecureUrl(new URL(endpoint)));
}
