import type { Directory } from 'passport-jwe/ldap';
import { Counter, type Registry } from 'prom-client';

/**
 * Wraps directories to count the lookups that reach their servers. Cached answers of the token router are not lookups.
 *
 * @param directories value of the option `directories` of `tokenRouter()`
 * @returns the directories to pass instead
 */
export function countDirectoryLookups(
  registry: Registry,
  directories: Readonly<Record<string, Directory>>,
): Readonly<Record<string, Directory>> {
  const lookups = new Counter({
    name: 'gateway_directory_lookups_total',
    help: 'Lookups of people that reached the directory, by result',
    labelNames: ['directory', 'result'],
    registers: [registry],
  });

  const count = async <Answer>(directory: string, lookup: Promise<Answer>): Promise<Answer> => {
    try {
      const answer = await lookup;
      lookups.inc({ directory, result: answer === undefined ? 'absent' : 'found' });
      return answer;
    } catch (failure) {
      lookups.inc({ directory, result: 'error' });
      throw failure;
    }
  };

  return Object.fromEntries(
    Object.entries(directories).map(([name, directory]): [string, Directory] => [
      name,
      {
        findByName: (person) => count(name, directory.findByName(person)),
        findById: (id) => count(name, directory.findById(id)),
        authenticate: (person, password) => directory.authenticate(person, password),
        isReady: () => directory.isReady(),
        close: () => directory.close(),
      },
    ]),
  );
}
