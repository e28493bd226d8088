import type { NumericDate } from '../base/clock.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import type { Revocable } from '../revocation/revocable.js';
import type { SuspiciousUse } from './suspicious-use.js';

/** Target of an automatic revocation, as `Revocations.revoke()` accepts it. */
export type AnswerTarget = Extract<
  Revocable,
  {
    /** Subjects and keys are never revoked automatically. */
    readonly kind: 'token' | 'session' | 'api_key';
  }
>;

/** Methods and fields of `Revocations` that automatic revocations require. */
export interface Revoker {
  /** Revoke the target. */
  revoke(target: AnswerTarget): Promise<void>;
  /** Time in seconds for which the revocation of a token is kept. Audit events do not contain the `exp` claim. */
  readonly maxTokenLifetimeSeconds: number;
}

/**
 * Target to revoke, by kind of alert:
 *
 * - `token`: the token only,
 * - `session`: the refresh token and the access tokens of the session,
 * - `api_key`: all tokens issued to the API key up to the current second.
 *
 * If a token has no session or API key, only the token is revoked. Alerts without `proven` revoke nothing, except
 * `refresh_token_reused`.
 */
export interface AnswersByKind {
  /** Target if one token was sent from many addresses. */
  readonly token_from_many_addresses?: 'token' | 'session' | 'api_key';
  /** Target if one token was sent by many user agents. */
  readonly token_from_many_user_agents?: 'token' | 'session' | 'api_key';
  /** Target if a consumed refresh token was reused. */
  readonly refresh_token_reused?: 'session' | 'api_key';
  /** Target if many requests of a client were rejected. */
  readonly refusals_of_client?: 'api_key';
  /** Target if the request rate rises suddenly. */
  readonly sudden_rate?: 'api_key';
}

/** Automatic revocations in response to alerts. */
export interface SuspicionAnswer {
  /**
   * Return the revocations that `authenticate()` and `tokenRouter()` use. The monitor calls it for each answered
   * alert. It is a function because revocations with an audit log are created after the monitor.
   */
  readonly revocations: () => Revoker;
  /** Target to revoke, by kind of alert. Alerts of omitted kinds revoke nothing. */
  readonly by: AnswersByKind;
}

const KNOWN: KnownOptions<SuspicionAnswer> = { revocations: true, by: true };

type Choice = AnswerTarget['kind'];

const CHOICES: Readonly<Record<keyof AnswersByKind, readonly Choice[]>> = {
  token_from_many_addresses: ['token', 'session', 'api_key'],
  token_from_many_user_agents: ['token', 'session', 'api_key'],
  refresh_token_reused: ['session', 'api_key'],
  refusals_of_client: ['api_key'],
  sudden_rate: ['api_key'],
};

const KNOWN_KINDS: KnownOptions<AnswersByKind> = {
  token_from_many_addresses: true,
  token_from_many_user_agents: true,
  refresh_token_reused: true,
  refusals_of_client: true,
  sudden_rate: true,
};

/**
 * Validate the option `answer` of `createMonitor()`.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 */
export function assertSuspicionAnswer(answer: SuspicionAnswer): void {
  assertOptions(answer, KNOWN, 'createMonitor: answer');
  const { revocations, by } = answer;
  if (typeof revocations !== 'function') {
    throw new TypeError(
      'createMonitor: answer.revocations must be a function that returns the revocations, for example () => revocations',
    );
  }
  assertOptions(by, KNOWN_KINDS, 'createMonitor: answer.by');
  for (const [kind, choices] of Object.entries(CHOICES)) {
    const choice = Reflect.get(by, kind);
    if (choice !== undefined && !choices.includes(choice)) {
      throw new TypeError(`createMonitor: answer.by.${kind} must be one of ${choices.join(', ')}`);
    }
  }
}

/**
 * Revoke the target that `answer.by` selects for an alert.
 *
 * @throws Error (as rejection) if `revocations` or `revoke` fails
 */
export async function answerSuspicion(
  { revocations, by }: SuspicionAnswer,
  alert: SuspiciousUse,
): Promise<void> {
  if (!Object.hasOwn(by, alert.kind) || !isProven(alert)) return;
  const revoker = revocations();
  const expiresAt = Date.parse(alert.time) / 1000 + revoker.maxTokenLifetimeSeconds;
  const target = chooseTarget(alert, by, expiresAt);
  if (target !== undefined) await revoker.revoke(target);
}

/**
 * Whether an alert may cause a revocation. It requires a proof of issuance, because a holder of an exported access key
 * can claim any client.
 */
function isProven(alert: SuspiciousUse): boolean {
  return alert.kind === 'refresh_token_reused' || ('proven' in alert && alert.proven === true);
}

function chooseTarget(
  alert: SuspiciousUse,
  by: AnswersByKind,
  expiresAt: NumericDate,
): AnswerTarget | undefined {
  switch (alert.kind) {
    case 'token_from_many_addresses':
    case 'token_from_many_user_agents': {
      const choice = by[alert.kind];
      if (choice === undefined) return undefined;
      return wholeTarget(alert, choice) ?? tokenTarget(alert, expiresAt);
    }
    case 'refresh_token_reused':
    case 'refusals_of_client':
    case 'sudden_rate':
      return wholeTarget(alert, by[alert.kind]);
    case 'refusals_of_address':
    case 'use_after_revocation':
      return undefined;
  }
}

function tokenTarget(
  { issuer, clientId, jti }: Holder & { readonly jti: string },
  expiresAt: NumericDate,
): AnswerTarget {
  const owner = clientId === undefined ? {} : { clientId };
  return { kind: 'token', jti, expiresAt, ...owner, ...(issuer === undefined ? {} : { issuer }) };
}

interface Holder {
  readonly issuer?: string;
  readonly clientId?: string;
  readonly subject?: string;
  readonly sessionId?: string;
}

/** Return the session or the API key, if `answer.by` selects it and the alert contains it. */
function wholeTarget(
  { issuer, clientId, subject, sessionId }: Holder,
  choice: Choice | undefined,
): AnswerTarget | undefined {
  if (clientId === undefined) return undefined;
  const owner = issuer === undefined ? { clientId } : { clientId, issuer };
  if (choice === 'api_key') return { kind: 'api_key', ...owner };
  if (choice !== 'session' || sessionId === undefined) return undefined;
  return { kind: 'session', ...owner, sessionId, ...(subject === undefined ? {} : { subject }) };
}
