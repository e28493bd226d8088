/** Reason for the failure of a store. */
export type StoreFailureReason =
  | 'authentication_failed'
  | 'cluster_down'
  | 'connection_refused'
  | 'disk_full'
  | 'loading'
  | 'out_of_memory'
  | 'permission_denied'
  | 'persistence_failed'
  | 'read_only'
  | 'timeout'
  | 'too_few_replicas'
  | 'too_many_connections'
  | 'unavailable'
  | 'unknown_host'
  | 'untrusted_certificate';

/** Reason for the failure of a store, and the remedy. It contains no address and no secret. */
export interface StoreFailure {
  /** Kind of the failure. */
  readonly reason: StoreFailureReason;
  /** Remedy for the operator: one sentence. */
  readonly advice: string;
}

type Rule = readonly [reason: StoreFailureReason, symptoms: RegExp, advice: string];

/** Rules in order of precedence: Redis reports a full disk as `MISCONF`. */
const RULES: readonly Rule[] = [
  [
    'disk_full',
    /\b(ENOSPC|EDQUOT|MDB_MAP_FULL)\b|No space left on device/,
    'Delete files on the disk of the store, or extend the disk',
  ],
  ['out_of_memory', /\bOOM\b/, 'Raise maxmemory of Redis, or delete keys of other applications'],
  [
    'read_only',
    /\b(READONLY|MASTERDOWN|EROFS)\b/,
    'Connect to the Redis primary, or mount the disk of the store writable',
  ],
  [
    'persistence_failed',
    /\bMISCONF\b/,
    'Redis cannot save its data: see the log of Redis, and check the disk and its permissions',
  ],
  ['too_few_replicas', /\bNOREPLICAS\b/, 'Restore the replicas that min-replicas-to-write of Redis requires'],
  [
    'authentication_failed',
    /\b(NOAUTH|WRONGPASS)\b|\binvalid password\b/,
    'Check the user name and the password of Redis, then restart the service',
  ],
  [
    'permission_denied',
    /\b(NOPERM|EACCES|EPERM)\b/,
    'Grant the Redis user the permissions in the documentation, or make the directory of the store writable',
  ],
  ['loading', /\bLOADING\b/, 'Wait until Redis has loaded its data'],
  ['cluster_down', /\bCLUSTERDOWN\b/, 'Restore the missing nodes of the Redis Cluster'],
  [
    'too_many_connections',
    /\b(EMFILE|ENFILE)\b|max number of clients/,
    'Raise maxclients of Redis, or the limit of open files',
  ],
  [
    'untrusted_certificate',
    /certificate|\bERR_TLS_|\bCERT_|\bEPROTO\b/,
    'Check the TLS certificate of Redis, its host name, and the CA file',
  ],
  ['unknown_host', /\b(ENOTFOUND|EAI_AGAIN)\b/, 'Check the host name of Redis, and the DNS server'],
  ['connection_refused', /\bECONNREFUSED\b/, 'Start Redis, or check its address, its port and the firewall'],
  [
    'timeout',
    /\bETIMEDOUT\b|timed? ?out/i,
    'Check the load of the store, of this machine and of the network, or raise the timeout of commands',
  ],
];

const UNKNOWN: StoreFailure = {
  reason: 'unavailable',
  advice: 'Check whether the store runs and responds: the cause of the error contains the details',
};

/** Maximum number of nested errors to inspect. */
const MAX_DEPTH = 5;

/**
 * Classify a failure of a store by the error of a store method. Unknown failures have the reason `unavailable`.
 *
 * @example
 * revocations.revoke({ kind: 'kid', kid: '3f2a90c1d4e5b6a798807162' }).catch((error) => {
 *   const { reason, advice } = explainStoreFailure(error);
 *   log.error({ reason }, advice);
 * });
 */
export function explainStoreFailure(error: unknown): StoreFailure {
  const symptoms = symptomsOf(error, MAX_DEPTH);
  const [reason, , advice] = RULES.find(([, pattern]) => pattern.test(symptoms)) ?? [];
  return reason === undefined || advice === undefined ? UNKNOWN : { reason, advice };
}

/** Return the codes and messages of an error and its causes. ioredis reports the error of a node separately. */
function symptomsOf(error: unknown, depth: number): string {
  if (typeof error !== 'object' || error === null || depth === 0) return '';
  const [code, message, cause, node] = ['code', 'message', 'cause', 'lastNodeError'].map((name) =>
    Reflect.get(error, name),
  );
  return [code, message, symptomsOf(cause, depth - 1), symptomsOf(node, depth - 1)].join('\n');
}
