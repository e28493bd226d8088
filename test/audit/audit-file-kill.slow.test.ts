import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openAuditFile, verifyAuditFile } from 'passport-jwe/audit';
import { startProgram } from '../support/processes.js';

const KEY = Buffer.alloc(32, 7);
const ROUNDS = [0, 1, 2, 3, 5, 8, 13, 21];

describe('an audit file whose process is killed while it writes', () => {
  let home: string;
  let path: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'passport-jwe-audit-'));
    path = join(home, 'audit.jsonl');
  });

  afterEach(() => rm(home, { recursive: true }));

  /** Kills the program during its writes, after a delay in milliseconds. */
  const writeAndKill = async (durable: string, afterMs: number): Promise<void> => {
    const program = startProgram('test/support/programs/write-audit-file.js', {}, { args: [path, durable] });
    const { stdout } = program.process;
    if (stdout === null) throw new Error('The program has no standard output');
    await once(stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    program.process.kill('SIGKILL');
    expect(await program.ended).toBe('SIGKILL');
  };

  test.each(['durable', 'buffered'])(
    'continues verifiably, although it is %s and killed often',
    async (mode) => {
      for (const afterMs of ROUNDS) await writeAndKill(mode, afterMs);
      const file = await openAuditFile({ path, key: KEY });
      await file.write({ type: 'key_ring.retired', kid: 'last', time: '2030-01-01T00:00:00Z' });
      await file.close();
      const { verdict, chains, problems } = await verifyAuditFile(path, KEY);

      expect(['valid', 'torn']).toContain(verdict);
      expect(problems.filter(({ problem }) => problem !== 'torn')).toEqual([]);
      expect(chains).toHaveLength(ROUNDS.length + 1);
      expect(chains.slice(1).map(({ follows }) => follows)).toEqual(
        chains.slice(0, -1).map(({ chain }) => chain),
      );
    },
  );
});
