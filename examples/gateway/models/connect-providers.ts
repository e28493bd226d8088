import { Agent } from 'undici';
import type { Settings } from '../settings.js';

const CONNECT_TIMEOUT_MS = 5000;

/**
 * Connections to the providers, kept for further requests. `providerTimeoutMs` is the longest wait for the beginning of
 * an answer, and for its next part.
 */
export function connectProviders({ providerTimeoutMs }: Pick<Settings, 'providerTimeoutMs'>): Agent {
  return new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: providerTimeoutMs,
    bodyTimeout: providerTimeoutMs,
  });
}
