import type { NumericDate } from '../base/clock.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import type { Revocable } from '../revocation/revocable.js';
import type { SuspiciousUse } from './suspicious-use.js';

/** Target of an automatic revocation, as `revoke` of `Revocations` accepts it. */
export type AnswerTarget = Extract<Revocable, { readonly kind: Choice }>;

/** The part of `Revocations` that an automatic answer needs. */
export interface Revoker {
  revoke(target: AnswerTarget): Promise<void>;
  /** Audit events do not contain `exp` of the token, so its revocation is kept for this time, in seconds. */
  readonly maxTokenLifetimeSeconds: number;
}

/**
 * Revocation per kind of alert: the `token` alone, its `session` with refresh token and access tokens, or all tokens
 * issued to its `api_key` up to the current second. A token without session or API key is revoked alone. Alerts that
 * are not `proven` never revoke anything.
 */
export interface AnswersByKind {
  readonly token_from_many_addresses?: 'token' | 'session' | 'api_key';
  readonly token_from_many_user_agents?: 'token' | 'session' | 'api_key';
  readonly refresh_token_reused?: 'session' | 'api_key';
  readonly refusals_of_client?: 'api_key';
  readonly sudden_rate?: 'api_key';
}

/** Automatic answers to alerts. */
export interface SuspicionAnswer {
  /**
   * Returns the revocations, the same as for `authenticate` and `tokenRouter`. A function, since revocations with an
   * audit log are created after the monitor. It is called for each answered alert.
   */
  readonly revocations: () => Revoker;
  /** Revocation by kind of alert. Alerts of omitted kinds revoke nothing. */
  readonly by: AnswersByKind;
}

const KNOWN: KnownOptions<SuspicionAnswer> = { revocations: true, by: true };

type Choice = 'token' | 'session' | 'api_key';

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

/** @throws TypeError if an option is missing, unknown or malformed */
export function assertSuspicionAnswer(answer: SuspicionAnswer): void {
  assertOptions(answer, KNOWN, 'createMonitor: answer');
  const { revocations, by } = answer;
  if (typeof revocations !== 'function') {
    throw new TypeError('createMonitor: answer.revocations must be a function: () => revocations');
  }
  assertOptions(by, KNOWN_KINDS, 'createMonitor: answer.by');
  for (const [kind, choices] of Object.entries(CHOICES)) {
    const choice = Reflect.get(by, kind);
    if (choice !== undefined && !choices.includes(choice)) {
      throw new TypeError(`createMonitor: answer.by.${kind} must be one of ${choices.join(', ')}`);
    }
  }
}

/** Revokes what `answer.by` specifies for an alert. Rejects as `revoke` does. */
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

/** A holder of an exported access key can name any client, so only tokens with a proof of issuance are answered. */
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

/** The session or the API key, if configured and named in the alert. */
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
