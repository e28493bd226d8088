import { assertOptions, type KnownOptions } from '../../base/options.js';
import type { KeySource } from '../key-source.js';
import { readVariable } from '../read-key-spec.js';
import { assertVariableName } from '../read-key-text.js';

export interface EnvironmentKeySourceOptions {
  /** Name of the environment variable. It holds a JWK Set, a JWK or a root secret as text. */
  readonly variable: string;
}

const KNOWN: KnownOptions<EnvironmentKeySourceOptions> = { variable: true };

/**
 * Key versions in an environment variable. Read-only, and the same until the process ends: a new key needs a restart.
 * @throws TypeError for an option that is missing or makes no sense.
 */
export function environmentKeySource(options: EnvironmentKeySourceOptions): KeySource {
  assertOptions(options, KNOWN, 'environmentKeySource');
  const { variable } = options;
  assertVariableName(variable);
  return Object.freeze({
    name: `environment variable ${variable}`,
    load: async () => readVariable(variable),
  });
}
