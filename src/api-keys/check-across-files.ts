import type { ConfigurationProblem } from './configuration-error.js';
import type { FileReading } from './file-reading.js';

type ValidReading = Extract<FileReading, { ok: true }>;

/** Find duplicate keys, mixed audiences and unknown `key_id`s across the files of a directory. */
export function checkAcrossFiles(readings: readonly ValidReading[]): readonly ConfigurationProblem[] {
  return [...findDuplicates(readings), ...findMixedAudiences(readings), ...findUnknownParties(readings)];
}

/** Find duplicate secrets and `key_id`s. The problem is in the later file, and its message names the earlier file. */
function findDuplicates(readings: readonly ValidReading[]): readonly ConfigurationProblem[] {
  const seen = new Map<string, string>();
  return readings.flatMap(({ key, problemAt }) => {
    const { digest, previous, apiKey } = key;
    const identities = [{ path: ['key_id'], identity: `key_id ${apiKey.keyId}` }];
    if (digest !== undefined) {
      identities.unshift({ path: ['api_key'], identity: `digest ${digest.toString('hex')}` });
    }
    if (previous !== undefined) {
      const identity = `digest ${previous.digest.toString('hex')}`;
      identities.push({ path: ['previous_api_key', 'api_key'], identity });
    }
    return identities.flatMap(({ path, identity }) => {
      const problem = problemAt({ path, message: '' });
      const other = seen.get(identity);
      if (other === undefined) seen.set(identity, problem.file);
      return other === undefined
        ? []
        : [{ ...problem, message: `must be unique, but is already used in ${other}` }];
    });
  });
}

/** Find audiences of both user and service tokens, because a service could confuse the two. */
function findMixedAudiences(readings: readonly ValidReading[]): readonly ConfigurationProblem[] {
  const forUsers = new Set(
    readings.flatMap(({ key: { apiKey } }) => [...apiKey.audiences, ...(apiKey.delegation?.audiences ?? [])]),
  );
  return readings.flatMap(({ key, problemAt }) =>
    key.apiKey.serviceAudiences.flatMap((audience, index) => {
      const problem = {
        path: ['service_audiences', index],
        message:
          'must not be in audiences or delegation.audiences of any API key: use a separate audience for service tokens',
      };
      return forUsers.has(audience) ? [problemAt(problem)] : [];
    }),
  );
}

/** Find unknown `key_id`s. A misspelt one would deny a delegation, or allow it to an API key that is added later. */
function findUnknownParties(readings: readonly ValidReading[]): readonly ConfigurationProblem[] {
  const keyIds = new Set(readings.map(({ key }) => key.apiKey.keyId));
  return readings.flatMap(({ key, problemAt }) =>
    (['subjects', 'actors'] as const).flatMap((list) =>
      (key.apiKey.delegation?.[list] ?? []).flatMap((keyId, index) => {
        const problem = {
          path: ['delegation', list, index],
          message:
            'must be the key_id of an API key in this directory: correct the spelling, or add the API key',
        };
        return keyIds.has(keyId) ? [] : [problemAt(problem)];
      }),
    ),
  );
}
