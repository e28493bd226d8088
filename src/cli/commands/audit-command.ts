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

/** `audit verify`: whether a file still says what was written. */
export function auditCommand(io: CommandIo): Command {
  const command = new Command('audit').description('check audit files');

  command
    .command('verify')
    .argument('<file>', 'audit file, as openAuditFile() wrote it')
    .description('find lines that were changed, taken out or put in')
    .requiredOption('--key-file <file>', 'file of the key: 64 hexadecimal digits or more')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nLines taken off the end of a chain, or whole chains, are not found: compare the times with what you know.\n' +
        'Nor are chains that were copied from another file under the same key: give each file its own.\n' +
        '\nExample:\n  $ passport-jwe audit verify audit.jsonl --key-file audit.key',
    )
    .action(async (file: string, { keyFile, json }: VerifyOptions) => {
      const key = await readKey(resolve(io.directory, keyFile));
      const verification = await verifyAuditFile(resolve(io.directory, file), key);
      print(io, verification, json === true);
      if (!verification.isValid) throw new Error(`${file} is not what was written`);
    });

  return command;
}

async function readKey(file: string): Promise<Uint8Array> {
  const { text } = await readPrivateFile({ file });
  const digits = text.trim();
  if (!/^(?:[0-9a-f]{2}){32,}$/i.test(digits)) {
    throw new UsageError('The key file must hold 64 hexadecimal digits or more: openssl rand -hex 32');
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
