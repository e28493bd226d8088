import type { AuditRecord, AuditSink } from 'passport-jwe/audit';
import { Counter, Gauge, type Registry } from 'prom-client';
import { rejectionSeries } from './rejection-series.js';

/** Values of `token_type`: the types of access tokens, and refresh tokens. */
const TOKEN_TYPES = [
  ...['user', 'service', 'tiered_model_exec', 'function_call', 'api_call', 'delegation', 'refresh'],
];

const REVOCATION_KINDS = ['token', 'session', 'api_key', 'subject', 'kid'];

/** Creates an audit sink that derives metrics from audit events. */
export function countAuditRecords(registry: Registry): AuditSink {
  const registers = [registry];
  const issued = new Counter({
    name: 'gateway_tokens_issued_total',
    help: 'Issued tokens',
    labelNames: ['token_type'],
    registers,
  });
  const rejected = new Counter({
    name: 'gateway_rejections_total',
    help: 'Rejected requests and token exchanges, by the code and reason of the audit event',
    labelNames: ['code', 'reason'],
    registers,
  });
  const revoked = new Counter({
    name: 'gateway_revocations_total',
    help: 'Revocations added by this process',
    labelNames: ['kind'],
    registers,
  });
  const users = new Counter({
    name: 'gateway_users_total',
    help: 'Users of token requests whom a directory or an identity provider verified, by result',
    labelNames: ['source', 'result'],
    registers,
  });
  const directoryUp = new Gauge({
    name: 'gateway_directory_up',
    help: '1 if the directory answered the last lookup of the token endpoint, and 0 while it is unavailable',
    labelNames: ['directory'],
    registers,
  });
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const limitsDegraded = gauge('gateway_limits_degraded', '1 while the limit store is unavailable');
  const storeUnreachable = gauge(
    'gateway_revocations_unreachable',
    '1 while the revocation store is unavailable',
  );
  const keysUnavailable = gauge(
    'gateway_key_source_failed',
    '1 while the key source is unavailable or invalid',
  );

  const keyUsage = gauge(
    'gateway_key_usage_ratio',
    'Encryptions with the current key as a share of its limit; 0 until the share is high',
  );
  let usedKey = '';
  const setKeyUsage = (kid: string, share: number): void => {
    usedKey = kid;
    keyUsage.set(share);
  };

  for (const token_type of TOKEN_TYPES) issued.inc({ token_type }, 0);
  for (const { code, reason } of rejectionSeries()) rejected.inc({ code, reason }, 0);
  for (const kind of REVOCATION_KINDS) revoked.inc({ kind }, 0);

  const count = (record: AuditRecord): void => {
    switch (record.type) {
      case 'token.issued':
        issued.inc({ token_type: record.tokenType });
        break;
      case 'token.refused':
      case 'issuance.refused':
        rejected.inc({ code: record.code, reason: record.reason ?? 'none' });
        break;
      case 'revocation.added':
        revoked.inc({ kind: record.kind });
        break;
      case 'user.authenticated':
        users.inc({ source: sourceOf(record), result: 'authenticated' });
        break;
      case 'user.rejected':
        users.inc({ source: sourceOf(record), result: record.reason });
        break;
      case 'directory.unreachable':
      case 'directory.reachable':
        directoryUp.set({ directory: record.directory }, record.type === 'directory.reachable' ? 1 : 0);
        break;
      case 'limits.degraded':
      case 'limits.restored':
        limitsDegraded.set(record.type === 'limits.degraded' ? 1 : 0);
        break;
      case 'store.unreachable':
      case 'store.reachable':
        storeUnreachable.set(record.type === 'store.unreachable' ? 1 : 0);
        break;
      case 'key.usage_high':
        setKeyUsage(record.kid, record.used / record.limit);
        break;
      case 'key.exhausted':
        setKeyUsage(record.kid, 1);
        break;
      case 'key_ring.changed':
        if (record.current !== usedKey) keyUsage.set(0);
        break;
      case 'key_source.failed':
      case 'key_source.reachable':
        keysUnavailable.set(record.type === 'key_source.failed' ? 1 : 0);
        break;
    }
  };
  return { write: count, unaggregated: true };
}

/** Name of the directory or the identity provider that verified a user. Both share one namespace. */
function sourceOf({
  directory,
  provider,
}: {
  readonly directory?: string;
  readonly provider?: string;
}): string {
  return directory ?? provider ?? 'none';
}
