import { Command } from 'commander';
import { resolveLdapOptions } from '../../directory/ldap/ldap-options.js';
import type { CommandIo } from '../command-io.js';
import { checkServer } from '../directory/check-server.js';
import {
  addDirectoryOptions,
  type DirectoryOptions,
  toLdapOptions,
  validateDirectory,
} from '../directory/directory-options.js';
import { printList, type Row } from '../print-result.js';
import { directoryLookupCommand } from './directory-lookup-command.js';

/** Create the `directory` command, which checks the configuration of an LDAP directory and looks up people. */
export function directoryCommand(io: CommandIo): Command {
  const command = new Command('directory').description(
    'check the configuration of an LDAP directory, and look up people',
  );

  addDirectoryOptions(command.command('check'))
    .description(
      'check each server separately: connection, TLS, bind, base DN and service account rights; exit code 1 if a check fails',
    )
    .addHelpText(
      'after',
      '\nThe command reads at most 20 people, and prints no names. A wrong password counts as one failed bind on each server.\n' +
        '\nExample:\n  $ passport-jwe directory check --url ldaps://ldap.example.com --bind-dn cn=sign-in,dc=example,dc=com \\\n' +
        '      --bind-password-file ldap-password --base-dn ou=people,dc=example,dc=com --claim email=mail',
    )
    .action(async (options: DirectoryOptions) => {
      const settings = validateDirectory(() => resolveLdapOptions(toLdapOptions(io, options)));
      const rows: Row[] = [];
      for (const server of settings.servers) {
        for (const { check, result, detail } of await checkServer(server, settings))
          rows.push({ server: server.url, check, result, detail });
      }
      printList(io, rows, options.json === true);
      if (rows.some(({ result }) => result === 'failed'))
        throw new Error('The directory does not work as configured: follow the advice on each failed check');
    });

  command.addCommand(directoryLookupCommand(io));
  return command;
}
