import { Command } from 'commander';
import type { JsonObject } from '../../base/json.js';
import type { Directory, DirectoryPerson } from '../../directory/directory.js';
import { ldapDirectory } from '../../directory/ldap/ldap-directory.js';
import type { CommandIo } from '../command-io.js';
import {
  addDirectoryOptions,
  type DirectoryOptions,
  toLdapOptions,
  validateDirectory,
} from '../directory/directory-options.js';
import { formatCell, printResult } from '../print-result.js';
import { UsageError } from '../settings.js';

interface LookupOptions extends DirectoryOptions {
  readonly id?: string;
  readonly directory: string;
}

/** Create the `directory lookup` command, which prints a person as the directory describes them. */
export function directoryLookupCommand(io: CommandIo): Command {
  return addDirectoryOptions(new Command('lookup'))
    .argument('[name]', 'sign-in name of the person')
    .description(
      'print the subject, state, groups and claims of a person; exit code 1 if the person is absent',
    )
    .option('--id <id>', 'immutable ID of the person, instead of the name')
    .option('--directory <name>', 'name of the directory in the options of the token router', 'corp')
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe directory lookup alice --url ldaps://ldap.example.com --bind-dn cn=sign-in,dc=example,dc=com \\\n' +
        '      --bind-password-file ldap-password --base-dn ou=people,dc=example,dc=com --claim email=mail',
    )
    .action(async (name: string | undefined, options: LookupOptions) => {
      const directory = validateDirectory(() => ldapDirectory(toLdapOptions(io, options)));
      try {
        const person = describe(await find(directory, name, options.id), options);
        const text = Object.entries(person).map(([member, value]) => `${member}: ${formatCell(value)}`);
        printResult(io, person, { isJson: options.json === true, text: text.join('\n') });
      } finally {
        await directory.close();
      }
    });
}

async function find(
  directory: Directory,
  name: string | undefined,
  id: string | undefined,
): Promise<DirectoryPerson> {
  if ((name === undefined) === (id === undefined))
    throw new UsageError('The person is missing or ambiguous: pass either a name or --id ID');
  const person = id === undefined ? await directory.findByName(name ?? '') : await directory.findById(id);
  if (person !== undefined) return person;
  throw new Error(
    `The directory has no person with this ${id === undefined ? 'name' : 'ID'}: check the spelling, --base-dn and --schema`,
  );
}

function describe(person: DirectoryPerson, { directory }: LookupOptions): JsonObject {
  const { id, dn, name, state, groups, claims } = person;
  return { subject: `${directory}:${id}`, name, dn, state, groups: [...groups], claims };
}
