import { listVariables } from '../../examples/gateway/settings/describe-settings.js';

/** Names of the environment variables that the gateway reads. */
export function settingNames(): ReadonlySet<string> {
  return new Set(listVariables());
}
