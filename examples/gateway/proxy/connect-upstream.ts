import { Agent } from 'undici';
import type { Settings } from '../settings.js';

const CONNECT_TIMEOUT_MS = 5000;

/** Connections to the upstream, kept for further requests. */
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
