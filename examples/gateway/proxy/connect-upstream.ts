import { Agent } from 'undici';
import type { Settings } from '../settings.js';

const CONNECT_TIMEOUT_MS = 5000;

/** Creates a pool of keep-alive connections to the upstream. */
export function connectUpstream({
  proxyTimeoutMs,
  proxyIdleTimeoutMs,
}: Pick<Settings, 'proxyTimeoutMs' | 'proxyIdleTimeoutMs'>): Agent {
  return new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: proxyTimeoutMs,
    bodyTimeout: proxyIdleTimeoutMs,
  });
}
