import type { AuditChain, AuditProblem } from './audit-verification.js';
import {
  type ChainedLine,
  type ChainKey,
  type ChainLink,
  describeTorn,
  readChainedLine,
} from './chained-lines.js';

/** Problem of a line. Whether an unreadable line is a torn line depends on the lines after it. */
export interface LineProblem {
  readonly problem: AuditProblem['problem'];
  /** Digest of an unreadable line. */
  readonly digest?: string;
  /** Chain and sequence number of an unreadable line that is the beginning of a line. */
  readonly name?: Pick<ChainedLine, 'chain' | 'seq'>;
}

/** Verifier of the lines of audit files, in the order of the lines. */
export interface LineVerifier {
  /**
   * Verify the next line.
   *
   * @param index number of the file, starting at 0
   */
  verify(bytes: Buffer, index: number): LineProblem | undefined;
  /** Classify a problem, after all lines were verified. */
  classify(found: LineProblem): AuditProblem['problem'];
  chains(): readonly AuditChain[];
}

/** Chain up to the current line. */
interface ChainProgress extends AuditChain {
  /** Sequence number of the next line. */
  readonly next: number;
  readonly mac: string;
}

/** Pattern of the beginning of a line, with or without its sequence number. */
const BEGINNING =
  /^\{"chain":"(?:([0-9a-f]{24})","seq":(\d{1,15}),|[0-9a-f]{0,24}$|[0-9a-f]{24}"[,"seq:\d]*$)/;

/** Create a verifier of lines. It continues after a wrong line, so that each fault is reported only once. */
export function createLineVerifier(key: ChainKey): LineVerifier {
  const chains = new Map<string, ChainProgress>();
  const torn = new Set<string>();

  const follow = ({ after, ...line }: ChainedLine, index: number): AuditProblem['problem'] | undefined => {
    const { chain, seq, mac, time } = line;
    const before = chains.get(chain);
    const isAuthentic = line.follows(key, before?.mac ?? '');
    const problem = seq === (before?.next ?? 0) ? (isAuthentic ? undefined : 'altered') : 'gap';
    const link = problem === undefined ? after : undefined;
    const known = { chain, records: 0, from: time, ...(link?.chain && { follows: link.chain }), ...before };
    chains.set(chain, { ...known, records: known.records + 1, to: time, next: seq + 1, mac });
    return link === undefined ? problem : checkLink(link, index);
  };

  /** Check that the line before a chain exists. The writer may have written further lines that it did not confirm. */
  const checkLink = ({ chain, seq = 0, files = 0, torn: lines = [] }: ChainLink, index: number) => {
    for (const { bytes, sha256 } of lines) torn.add(`${bytes} ${sha256}`);
    const before = chain === undefined ? undefined : chains.get(chain);
    // A chain whose last lines are missing was cut off, in any file.
    if (before !== undefined) return before.next > seq ? undefined : 'gap';
    if (chain === undefined || files > index) return undefined;
    return files > 0 ? 'missing_file' : 'gap';
  };

  return {
    verify(bytes, index) {
      const line = readChainedLine(bytes.toString());
      if (line === undefined) return describeUnreadable(bytes);
      const problem = follow(line, index);
      return problem && { problem };
    },
    classify({ problem, digest = '', name }) {
      if (torn.has(digest)) return 'torn';
      // A line at the end of its chain hides nothing: removed lines before it are a gap.
      return name !== undefined && name.seq === (chains.get(name.chain)?.next ?? 0) ? 'torn' : problem;
    },
    chains: () => [...chains.values()].map(({ next: _next, mac: _mac, ...chain }) => chain),
  };
}

function describeUnreadable(bytes: Buffer): LineProblem {
  const [{ sha256 = '' } = {}] = describeTorn(bytes);
  const [beginning, chain = '', seq = 0] = BEGINNING.exec(bytes.toString('latin1', 0, 100)) ?? [];
  return {
    ...{ problem: 'unreadable', digest: `${bytes.length} ${sha256}` },
    ...(beginning === undefined ? {} : { name: { chain, seq: Number(seq) } }),
  };
}
