import { resolve } from 'node:path';
import { Command } from 'commander';
import { type AuditVerification, verifyAuditFile } from '../../audit/verify-audit-file.js';
import { readPrivateFile } from '../../base/read-private-file.js';
import type { CommandIo } from '../command-io.js';
import { formatTable } from '../print-result.js';
import { jsonOption, UsageError } from '../settings.js';

interface VerifyOptions {
  readonly keyFile: string;
  readonly json?: true;
}

/** Create the `audit` command, which verifies the hash chains of audit files. */
export function auditCommand(io: CommandIo): Command {
  const command = new Command('audit').description('verify audit files');

  command
    .command('verify')
    .argument('<file>', 'audit file, written by openAuditFile()')
    .description('detect changed, removed and inserted lines; exit with code 1 for a changed file')
    .requiredOption('--key-file <file>', 'file with the key, at least 64 hexadecimal digits')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nThe command does not detect the removal of a whole chain or of the end of a chain: compare the times with a second log.\n' +
        'It also does not detect chains from a different file with the same key: use a separate key per file.\n' +
        '\nExample:\n  $ passport-jwe audit verify audit.jsonl --key-file audit.key',
    )
    .action(async (file: string, { keyFile, json }: VerifyOptions) => {
      const key = await readKey(resolve(io.directory, keyFile));
      const verification = await verifyAuditFile(resolve(io.directory, file), key);
      print(io, verification, json === true);
      if (!verification.isValid)
        throw new Error(
          `${file} has been changed or damaged: restore it from a copy, and investigate the lines listed above`,
        );
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

function print(io: CommandIo, { isValid, chains, problems }: AuditVerification, isJson: boolean): void {
  if (isJson) {
    io.print(JSON.stringify({ valid: isValid, chains, problems }));
    return;
  }
  for (const line of formatTable(chains.map((chain) => ({ ...chain })))) io.print(line);
  for (const { line, problem } of problems) io.print(`line ${line}: ${problem}`);
}
