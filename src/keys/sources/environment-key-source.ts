import { inContext } from '../../base/in-context.js';
import { assertOptions, type KnownOptions } from '../../base/options.js';
import type { KeySource } from '../key-source.js';
import { readVariable } from '../read-key-spec.js';
import { assertVariableName } from '../read-key-text.js';

/** Options of `environmentKeySource()`. */
export interface EnvironmentKeySourceOptions {
  /** Name of an environment variable that contains a JWK Set, a JWK or a root secret in text form. */
  readonly variable: string;
}

const KNOWN: KnownOptions<EnvironmentKeySourceOptions> = { variable: true };

/**
 * Create a read-only key source for an environment variable. To change keys, restart the process.
 *
 * @throws TypeError if an option is missing or invalid.
 * @example
 * const keyRing = await openKeyRing({ source: environmentKeySource({ variable: 'JWE_KEYS' }) });
 */
export function environmentKeySource(options: EnvironmentKeySourceOptions): KeySource {
  assertOptions(options, KNOWN, 'environmentKeySource');
  const { variable } = options;
  inContext('environmentKeySource: variable', () => assertVariableName(variable));
  return Object.freeze({
    name: `environment variable ${variable}`,
    load: async () => readVariable(variable),
  });
}
