import type { ConfigurationProblem } from './configuration-error.js';
import type { FileReading } from './file-reading.js';

type ValidReading = Extract<FileReading, { ok: true }>;

/** Finds the problems that lie between files. */
export function checkAcrossFiles(readings: readonly ValidReading[]): readonly ConfigurationProblem[] {
  return [...findDuplicates(readings), ...findMixedAudiences(readings), ...findUnknownParties(readings)];
}

/** The same key twice, or two keys of one name, are errors at the later file; the earlier one is named. */
function findDuplicates(readings: readonly ValidReading[]): readonly ConfigurationProblem[] {
  const seen = new Map<string, string>();
  return readings.flatMap(({ key, problemAt }) => {
    const { digest, previous, apiKey } = key;
    const identities = [
      { path: ['api_key'], identity: `digest ${digest.toString('hex')}` },
      { path: ['key_id'], identity: `key_id ${apiKey.keyId}` },
    ];
    if (previous !== undefined) {
      const identity = `digest ${previous.digest.toString('hex')}`;
      identities.push({ path: ['previous_api_key', 'api_key'], identity });
    }
    return identities.flatMap(({ path, identity }) => {
      const problem = problemAt({ path, message: '' });
      const other = seen.get(identity);
      if (other === undefined) seen.set(identity, problem.file);
      return other === undefined ? [] : [{ ...problem, message: `is already taken by ${other}` }];
    });
  });
}

/** A service must never take a user's token for one of a service, nor the other way round: no audience is for both. */
function findMixedAudiences(readings: readonly ValidReading[]): readonly ConfigurationProblem[] {
  const forUsers = new Set(
    readings.flatMap(({ key: { apiKey } }) => [...apiKey.audiences, ...(apiKey.delegation?.audiences ?? [])]),
  );
  return readings.flatMap(({ key, problemAt }) =>
    key.apiKey.serviceAudiences.flatMap((audience, index) => {
      const problem = { path: ['service_audiences', index], message: 'is among the audiences of a key too' };
      return forUsers.has(audience) ? [problemAt(problem)] : [];
    }),
  );
}

/** A `key_id` that was misspelt would deny what was meant, or allow it to a key that comes later. */
function findUnknownParties(readings: readonly ValidReading[]): readonly ConfigurationProblem[] {
  const keyIds = new Set(readings.map(({ key }) => key.apiKey.keyId));
  return readings.flatMap(({ key, problemAt }) =>
    (['subjects', 'actors'] as const).flatMap((list) =>
      (key.apiKey.delegation?.[list] ?? []).flatMap((keyId, index) => {
        const problem = { path: ['delegation', list, index], message: 'is the key_id of no API key here' };
        return keyIds.has(keyId) ? [] : [problemAt(problem)];
      }),
    ),
  );
}
