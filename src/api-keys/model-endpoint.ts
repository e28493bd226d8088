import { isSecureUrl } from '../base/is-secure-url.js';
import { parseUrl } from '../base/parse-url.js';

/** Whether a model endpoint is an `https:` URL, an `http:` URL on loopback, or `echo:` for the embedded model. */
export function isModelEndpoint(endpoint: string): boolean {
  const url = parseUrl(endpoint);
  return endpoint === 'echo:' || (url !== undefined && isSecureUrl(url));
}
