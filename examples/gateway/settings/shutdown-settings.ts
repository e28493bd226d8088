import { isLoopback } from './is-loopback.js';
import { milliseconds } from './kinds.js';
import { defaulted, optional, type ReadSetting } from './setting.js';

/** Time for load balancers to detect a shutdown. In Kubernetes, endpoints take seconds to change. */
const PUBLIC_DELAY_MS = 5000;
const LOOPBACK_DELAY_MS = 250;

export function shutdownSettings(read: ReadSetting, host: string) {
  const delayMs = read(
    optional(milliseconds, {
      name: 'SHUTDOWN_DELAY_MS',
      unset: '`250` on loopback, otherwise `5000`',
      help: 'time in milliseconds for load balancers to detect the shutdown',
    }),
  );
  return {
    shutdownDelayMs: delayMs ?? (isLoopback(host) ? LOOPBACK_DELAY_MS : PUBLIC_DELAY_MS),
    shutdownTimeoutMs: read(
      defaulted(milliseconds, {
        name: 'SHUTDOWN_TIMEOUT_MS',
        value: '30000',
        help: 'time in milliseconds for requests to finish after the delay',
      }),
    ),
  };
}
