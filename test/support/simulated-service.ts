import type { AuditEvent } from '../../src/audit/events.js';
import { type AuditTrail, createAuditTrail } from '../../src/audit/record.js';
import {
  type AcceptanceCounter,
  type AcceptedToken,
  type Origin,
  recordAcceptances,
} from '../../src/audit/record-acceptances.js';
import { createMonitor, type Monitor } from '../../src/monitor/create-monitor.js';
import type { SuspiciousUse } from '../../src/monitor/suspicious-use.js';
import { NOW } from './tokens.js';

export const TOKEN_SECONDS = 600;

export interface SimulatedToken extends AcceptedToken {
  readonly clientId: string;
  readonly subject: string;
  readonly sessionId: string;
  readonly expiresAt: number;
}

/** What a service puts on record, with a monitor that watches it, at a time that the test sets. */
export class SimulatedService {
  readonly alerts: SuspiciousUse[] = [];
  readonly monitor: Monitor;
  now = NOW;
  /** Requests that were made. */
  requests = 0;
  readonly #audit: AuditTrail;
  readonly #accept: AcceptanceCounter;
  #issued = 0;

  constructor() {
    this.monitor = createMonitor({ onSuspicion: (alert) => void this.alerts.push(alert) });
    const clock = () => this.now;
    this.#audit = createAuditTrail({ sinks: [this.monitor], clock });
    this.#accept = recordAcceptances(this.#audit, clock);
  }

  issue(
    owner: Pick<SimulatedToken, 'clientId' | 'subject' | 'sessionId'>,
    { ip = '' }: Origin,
  ): SimulatedToken {
    this.#issued += 1;
    const { clientId, subject } = owner;
    const token = { ...owner, jti: `jti-${this.#issued}`, expiresAt: this.now + TOKEN_SECONDS };
    this.record({
      type: 'token.issued',
      ...{ jti: token.jti, clientId, subject, ip },
      ...{ subjectAsserted: true, audience: 'https://api.example.com', scope: 'read:documents' },
      ...{ tokenType: 'api_call', expiresAt: token.expiresAt, kid: 'k1' },
    });
    return token;
  }

  accept({ expiresAt: _, ...token }: SimulatedToken, origin: Origin): void {
    this.requests += 1;
    this.#accept(token.jti, () => ({ ...token, proven: true }), origin);
  }

  record(event: AuditEvent): void {
    this.requests += 1;
    void this.#audit.record(event);
  }
}
