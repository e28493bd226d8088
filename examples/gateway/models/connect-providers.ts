import { Agent } from 'undici';
import type { Settings } from '../settings.js';

const CONNECT_TIMEOUT_MS = 5000;

/**
 * Creates keep-alive connections to the providers. `providerTimeoutMs` is the timeout of the response headers, and of
 * each part of the body.
 */
export function connectProviders({ providerTimeoutMs }: Pick<Settings, 'providerTimeoutMs'>): Agent {
  return new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: providerTimeoutMs,
    bodyTimeout: providerTimeoutMs,
  });
}
