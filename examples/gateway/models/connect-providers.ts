import { Agent } from 'undici';
import type { Settings } from '../settings.js';

const CONNECT_TIMEOUT_MS = 5000;

/**
 * Creates a pool of keep-alive connections to the providers. `providerTimeoutMs` limits the wait for the response
 * headers and for each chunk of the body.
 */
export function connectProviders({ providerTimeoutMs }: Pick<Settings, 'providerTimeoutMs'>): Agent {
  return new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: providerTimeoutMs,
    bodyTimeout: providerTimeoutMs,
  });
}
