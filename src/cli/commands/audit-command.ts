import { resolve } from 'node:path';
import { Command } from 'commander';
import type { AuditVerification } from '../../audit/audit-verification.js';
import { verifyAuditFile } from '../../audit/verify-audit-file.js';
import { readPrivateFile } from '../../base/read-private-file.js';
import type { CommandIo } from '../command-io.js';
import { formatTable } from '../print-result.js';
import { ExitError, jsonOption, UsageError } from '../settings.js';

interface VerifyOptions {
  readonly keyFile: string;
  readonly json?: true;
}

/** Create the `audit` command, which verifies the hash chains of audit files. */
export function auditCommand(io: CommandIo): Command {
  const command = new Command('audit').description('verify audit files');

  command
    .command('verify')
    .argument('<files...>', 'audit file of openAuditFile(), or its rotated files, oldest first')
    .description(
      'detect changed, removed and inserted lines; exit code 1 for a changed file, 3 for a missing file, 4 for torn lines only',
    )
    .requiredOption('--key-file <file>', 'file with the key, at least 64 hexadecimal digits')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nThe command does not detect the removal of the last chain of a process, or of its end: compare the times with a second log.\n' +
        'It also does not detect chains from a different file with the same key: use a separate key per file.\n' +
        '\nExamples:\n  $ passport-jwe audit verify audit.jsonl --key-file audit.key' +
        '\n  $ passport-jwe audit verify audit.jsonl.2 audit.jsonl.1 audit.jsonl --key-file audit.key',
    )
    .action(async (files: readonly string[], { keyFile, json }: VerifyOptions) => {
      const key = await readKey(resolve(io.directory, keyFile));
      const paths = files.map((file) => resolve(io.directory, file));
      const [single = '', ...others] = paths;
      const verification = await verifyAuditFile(others.length === 0 ? single : paths, key);
      print(io, verification, json === true);
      assertValid(verification, files.join(', '));
    });

  return command;
}

async function readKey(file: string): Promise<Uint8Array> {
  const { text } = await readPrivateFile({ file });
  const digits = text.trim();
  if (!/^(?:[0-9a-f]{2}){32,}$/i.test(digits)) {
    throw new UsageError(
      '--key-file must name a file with at least 64 hexadecimal digits, for example from "openssl rand -hex 32"',
    );
  }
  return Buffer.from(digits, 'hex');
}

function assertValid({ verdict }: AuditVerification, files: string): void {
  switch (verdict) {
    case 'valid':
      return;
    case 'tampered':
      throw new Error(
        `The audit log in ${files} has been changed or damaged: restore it from a copy, and investigate the lines listed above`,
      );
    case 'incomplete':
      throw new ExitError(
        3,
        'A file is missing before the lines listed above: pass all rotated files, oldest first',
      );
    case 'torn':
      throw new ExitError(
        4,
        `A crash or a full disk cut off the lines listed above in ${files}: check the disk, and the time of the crash`,
      );
  }
}

function print(io: CommandIo, verification: AuditVerification, isJson: boolean): void {
  const { isValid, verdict, chains, problems } = verification;
  if (isJson) {
    io.print(JSON.stringify({ valid: isValid, verdict, chains, problems }));
    return;
  }
  const rows = chains.map(({ chain, records, from, to, follows = '' }) => ({
    chain,
    records,
    from,
    to,
    follows,
  }));
  for (const line of formatTable(rows)) io.print(line);
  for (const { file, line, problem } of problems) {
    io.print(`${file === undefined ? '' : `${file}: `}line ${line}: ${problem}`);
  }
}
