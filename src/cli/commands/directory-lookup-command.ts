import { Command, InvalidArgumentError } from 'commander';
import type { ApiKey } from '../../api-keys/api-key.js';
import type { JsonObject } from '../../base/json.js';
import { checkPerson } from '../../directory/check-person.js';
import type { Directory, DirectoryPerson } from '../../directory/directory.js';
import { DIRECTORY_NAME, isDirectoryName } from '../../directory/is-directory-name.js';
import { ldapDirectory } from '../../directory/ldap/ldap-directory.js';
import { permissionsOfGroups } from '../../issue/users/permissions-of-groups.js';
import type { CommandIo } from '../command-io.js';
import {
  addDirectoryOptions,
  type DirectoryOptions,
  toLdapOptions,
  validateDirectory,
} from '../directory/directory-options.js';
import { formatCell, printResult } from '../print-result.js';
import { apiKeysOption, openApiKeys, UsageError } from '../settings.js';

interface LookupOptions extends DirectoryOptions {
  readonly id?: string;
  readonly directory?: string;
  readonly apiKeys: string;
  readonly key?: string;
}

const DEFAULT_DIRECTORY = 'corp';

/** Create the `directory lookup` command, which prints a person as the token endpoint sees them. */
export function directoryLookupCommand(io: CommandIo): Command {
  return addDirectoryOptions(new Command('lookup'))
    .argument('[name]', 'sign-in name of the person')
    .description(
      'print the subject, state, groups and claims of a person and, with --key, the scope; exit code 1 if the person is absent',
    )
    .option('--id <id>', 'immutable ID of the person, instead of the name')
    .option(
      '--directory <name>',
      'name of the directory in the token router options (default: the directory of --key, or "corp")',
      parseDirectory,
    )
    .option('--key <key_id>', 'API key that obtains tokens for the person, to print the scope')
    .addOption(apiKeysOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ passport-jwe directory lookup alice --url ldaps://ldap.example.com --bind-dn cn=sign-in,dc=example,dc=com \\\n' +
        '      --bind-password-file ldap-password --base-dn ou=people,dc=example,dc=com --key portal',
    )
    .action(async (name: string | undefined, options: LookupOptions) => {
      const apiKey = await findApiKey(io, options);
      const source = options.directory ?? directoryOf(apiKey) ?? DEFAULT_DIRECTORY;
      const directory = validateDirectory(() => ldapDirectory(toLdapOptions(io, options)));
      try {
        const person = describe(await find(directory, name, options.id), source, apiKey);
        const lines = Object.entries(person).map(([member, value]) => `${member}: ${formatCell(value)}`);
        printResult(io, person, { isJson: options.json === true, text: lines.join('\n') });
        for (const warning of findWarnings(person)) io.note(warning);
      } finally {
        await directory.close();
      }
    });
}

function parseDirectory(name: string): string {
  if (isDirectoryName(name)) return name;
  throw new InvalidArgumentError(`It ${DIRECTORY_NAME}.`);
}

function directoryOf(apiKey: ApiKey | undefined): string | undefined {
  return typeof apiKey?.users === 'object' ? apiKey.users.directory : undefined;
}

/** Find the API key of `--key`. */
async function findApiKey(
  io: CommandIo,
  { key, apiKeys: location, directory }: LookupOptions,
): Promise<ApiKey | undefined> {
  if (key === undefined) return undefined;
  const { apiKeys } = await openApiKeys(io, location);
  const apiKey = apiKeys.find(({ keyId }) => keyId === key);
  if (apiKey === undefined) throw new Error('There is no such API key: check --key and --api-keys');
  const found = directoryOf(apiKey);
  if (found === undefined)
    throw new Error('No directory verifies the users of this API key: set users: { directory: corp }');
  if (directory !== undefined && directory !== found)
    throw new Error(`The directory ${found} verifies the users of this API key: omit --directory`);
  return apiKey;
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

/** Describe a person: the names of groups as in the directory, and the rest as the token endpoint uses it. */
function describe(
  { name, dn, groups, ...more }: DirectoryPerson,
  source: string,
  apiKey?: ApiKey,
): JsonObject {
  const person = checkPerson(source, { name, dn, groups, ...more });
  const { subject, state, claims } = person;
  const described = { subject, name, dn, state, groups: [...groups], claims };
  if (apiKey === undefined) return described;
  const { permissions, groupPermissions } = apiKey;
  return { ...described, scope: permissionsOfGroups(permissions, groupPermissions, person.groups).join(' ') };
}

function findWarnings({ state, scope }: JsonObject): readonly string[] {
  return [
    ...(state === 'active' ? [] : [`The token endpoint rejects this person, who is ${state}.`]),
    ...(scope === ''
      ? ['No group grants a permission, so the token endpoint responds with invalid_scope.']
      : []),
  ];
}
