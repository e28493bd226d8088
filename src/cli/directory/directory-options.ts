import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LdapDirectoryOptions } from '../../directory/ldap/ldap-options.js';
import type { CommandIo } from '../command-io.js';
import { jsonOption, UsageError } from '../settings.js';

/** Parsed options that describe a directory. */
export interface DirectoryOptions {
  readonly url: readonly string[];
  readonly startTls?: true;
  readonly caFile?: string;
  readonly bindDn: string;
  readonly bindPasswordFile: string;
  readonly baseDn: string;
  readonly schema: 'openldap' | 'active-directory';
  readonly nameAttribute?: string;
  readonly idAttribute?: string;
  readonly groupBaseDn?: string;
  readonly memberAttribute?: string;
  readonly claim: Readonly<Record<string, string>>;
  readonly json?: true;
}

/** Add the options of `ldapDirectory()` to a command. */
export function addDirectoryOptions(command: Command): Command {
  const required = (flags: string, description: string, variable: string): Option =>
    new Option(flags, description).env(variable).makeOptionMandatory();
  const url = required('--url <url>', 'URL of a server; repeatable', 'LDAP_URL');
  const schema = new Option('--schema <schema>', 'kind of directory').choices([
    'openldap',
    'active-directory',
  ]);
  const claim = new Option('--claim <claim=attribute>', 'claim and its LDAP attribute; repeatable');
  return command
    .addOption(url.argParser(collectUrl))
    .option('--start-tls', 'upgrade connections to ldap URLs to TLS')
    .addOption(new Option('--ca-file <file>', 'PEM file of the certificate authorities').env('LDAP_CA_FILE'))
    .addOption(required('--bind-dn <dn>', 'distinguished name of the service account', 'LDAP_BIND_DN'))
    .addOption(
      required(
        '--bind-password-file <file>',
        'file with the password of the service account, with mode 0600',
        'LDAP_BIND_PASSWORD_FILE',
      ),
    )
    .addOption(required('--base-dn <dn>', 'base DN of the search for people', 'LDAP_BASE_DN'))
    .addOption(schema.env('LDAP_SCHEMA').default('openldap'))
    .option('--name-attribute <attribute>', 'attribute of the sign-in name (default: by schema)')
    .option('--id-attribute <attribute>', 'attribute of the immutable ID (default: by schema)')
    .option('--group-base-dn <dn>', 'base DN of the search for groups (default: by schema)')
    .option(
      '--member-attribute <attribute>',
      'group attribute that contains the members; requires --group-base-dn',
    )
    .addOption(claim.argParser(collectClaim).default({}, 'none'))
    .addOption(jsonOption());
}

function collectUrl(url: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, url];
}

function collectClaim(
  text: string,
  previous: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const [claim = '', attribute = '', ...rest] = text.split('=');
  if (claim === '' || attribute === '' || rest.length > 0)
    throw new InvalidArgumentError('It must be a claim and an attribute, for example email=mail.');
  return { ...previous, [claim]: attribute };
}

/** Convert the options of a command to those of `ldapDirectory()`. */
export function toLdapOptions(io: CommandIo, options: DirectoryOptions): LdapDirectoryOptions {
  const { url, bindDn, bindPasswordFile, baseDn, schema, claim } = options;
  const { nameAttribute: name, idAttribute: id, groupBaseDn, memberAttribute, caFile } = options;
  if (memberAttribute !== undefined && groupBaseDn === undefined)
    throw new UsageError('--member-attribute requires --group-base-dn: pass both');
  const groups = groupBaseDn === undefined ? undefined : { baseDn: groupBaseDn };
  return {
    ...{ url, startTls: options.startTls === true, bindDn, baseDn, schema, claims: claim },
    bindPasswordFile: resolve(io.directory, bindPasswordFile),
    ...(caFile === undefined ? {} : { caFile: resolve(io.directory, caFile) }),
    userAttributes: { ...(name === undefined ? {} : { name }), ...(id === undefined ? {} : { id }) },
    ...(groups && { groups: memberAttribute === undefined ? groups : { ...groups, memberAttribute } }),
  };
}

/** Flags of the options of `ldapDirectory()`, longest first, because messages contain parts of names. */
const FLAGS: readonly (readonly [option: RegExp, flag: string])[] = [
  [/\buserAttributes\.name\b/g, '--name-attribute'],
  [/\buserAttributes\.id\b/g, '--id-attribute'],
  [/\bgroups\.baseDn\b/g, '--group-base-dn'],
  [/\bgroups\.memberAttribute\b/g, '--member-attribute'],
  [/\bset startTls to true\b/g, 'pass --start-tls'],
  [/\bbindPasswordFile\b/g, '--bind-password-file'],
  [/\bbindDn\b/g, '--bind-dn'],
  [/\bbaseDn\b/g, '--base-dn'],
  [/\bcaFile\b/g, '--ca-file'],
  [/^url\b/g, '--url'],
  [/^claims\b/g, '--claim'],
];

/**
 * Run a function that validates the options of `ldapDirectory()`. Messages about options then name the flags of the command.
 *
 * @throws UsageError if an option is malformed
 */
export function validateDirectory<Result>(validate: () => Result): Result {
  try {
    return validate();
  } catch (failure) {
    if (!(failure instanceof TypeError)) throw failure;
    const message = failure.message.replace(/^ldapDirectory: /, '');
    throw new UsageError(FLAGS.reduce((text, [option, flag]) => text.replace(option, flag), message));
  }
}
