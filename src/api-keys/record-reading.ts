import type { AuditTrail } from '../audit/record.js';
import type { ConfigurationProblem } from './configuration-error.js';
import type { ApiKeySet } from './read-api-keys.js';

/** Record audit events for the loaded API keys, weak API keys, and variables enclosed in quotes or white space. */
export async function recordLoaded(audit: AuditTrail, { readings }: ApiKeySet): Promise<void> {
  const weak = readings.filter(({ isWeak }) => isWeak);
  const variables = [...new Set(readings.flatMap(({ wrappedVariables }) => wrappedVariables))];
  const loaded = audit.record({ type: 'api_keys.loaded', keyIds: readings.map(keyIdOf) });
  if (weak.length > 0) await audit.record({ type: 'api_keys.weak', keyIds: weak.map(keyIdOf) });
  if (variables.length > 0) await audit.record({ type: 'api_keys.wrapped_variables', variables });
  await loaded;
}

function keyIdOf({ key }: ApiKeySet['readings'][number]): string {
  return key.apiKey.keyId;
}

/** Record an audit event with the names of the rejected files and the number of problems. */
export async function recordRejected(
  audit: AuditTrail,
  problems: readonly ConfigurationProblem[],
): Promise<void> {
  const files = [...new Set(problems.map(({ file }) => file))];
  await audit.record({ type: 'api_keys.rejected', problemCount: problems.length, files });
}
