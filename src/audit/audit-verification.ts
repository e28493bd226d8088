/** Chain of lines that one process wrote to one file. It ends when the file is closed or replaced, or a write fails. */
export interface AuditChain {
  /** ID of the chain. */
  readonly chain: string;
  /** Number of records in the chain. */
  readonly records: number;
  /** `time` of the first record. */
  readonly from: string;
  /** `time` of the last record. The last chain of a process cannot show whether later records were removed. */
  readonly to: string;
  /** ID of the chain before this chain, which may be in an earlier file. */
  readonly follows?: string;
}

/** Line that failed verification. */
export interface AuditProblem {
  /** Path of the file. Present if a list of files was verified. */
  readonly file?: string;
  /** Line number, starting at 1. Empty lines count. */
  readonly line: number;
  /**
   * Kind of problem:
   *
   * - `altered`: this line or the previous line of its chain was changed,
   * - `gap`: lines before this line were removed, or this line was moved,
   * - `unreadable`: this line is not a complete line of an audit file,
   * - `missing_file`: this line follows a line of a file that is not in the list,
   * - `torn`: a crash or a full disk cut off this line. Its record was not confirmed.
   */
  readonly problem: 'altered' | 'gap' | 'unreadable' | 'missing_file' | 'torn';
}

/**
 * Verdict on audit files, after the worst problem: `tampered` for `altered`, `gap` and `unreadable`, `incomplete` for
 * `missing_file`, and `torn`.
 */
export type AuditVerdict = 'tampered' | 'incomplete' | 'torn' | 'valid';

/** Result of the verification of audit files. */
export interface AuditVerification {
  /** Whether the files have no problems. */
  readonly isValid: boolean;
  /** Result of the verification. */
  readonly verdict: AuditVerdict;
  /** Chains in the files. */
  readonly chains: readonly AuditChain[];
  /** First 100 problems. */
  readonly problems: readonly AuditProblem[];
}

/** Return the verdict on files with problems of these kinds. */
export function judgeAudit(kinds: ReadonlySet<AuditProblem['problem']>): AuditVerdict {
  if (kinds.has('altered') || kinds.has('gap') || kinds.has('unreadable')) return 'tampered';
  if (kinds.has('missing_file')) return 'incomplete';
  return kinds.has('torn') ? 'torn' : 'valid';
}
