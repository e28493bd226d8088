import type { LoadedApiKeys } from '../api-keys/load-api-keys.js';
import type { JsonObject } from '../base/json.js';
import type { Revocable } from '../revocation/revocable.js';
import type { CommandIo } from './command-io.js';
import { findApiKeys, type StoreOptions } from './settings.js';

/** Command-line options of `token revoke`. */
export interface RevokeOptions extends StoreOptions {
  readonly keys: string;
  readonly environment: string;
  readonly apiKeys: string;
  readonly issuer?: string;
  readonly audience?: readonly string[];
  readonly json?: true;
  readonly force?: true;
  readonly client?: string;
  readonly user?: string;
  readonly session?: string;
  readonly kid?: string;
}

/** Revocation to carry out, and the output of the command. */
export interface Revocation {
  readonly targets: readonly Revocable[];
  /** Session of a refresh token. Its refresh-token families end too. */
  readonly session?: { readonly clientId: string; readonly subject: string; readonly sessionId: string };
  /** Result in plain language, for output without `--json`. */
  readonly text: string;
  /** Additional members of the JSON result. */
  readonly details: JsonObject;
  /** Notes for the operator, printed to standard error. */
  readonly notes: readonly string[];
}

/** Issuer and audiences for which keys are derived. */
export interface Service {
  readonly issuer: string | undefined;
  readonly audiences: readonly string[];
}

/** Return the issuer from the options, and the audiences from the options and all API keys. */
export async function resolveService(io: CommandIo, options: RevokeOptions): Promise<Service> {
  const { issuer, audience = [] } = options;
  const ofKeys = audiencesOf(await findApiKeys(io, options.apiKeys));
  return { issuer, audiences: [...new Set([...audience, ...ofKeys])] };
}

function audiencesOf(apiKeys: LoadedApiKeys | undefined): readonly string[] {
  return (apiKeys?.apiKeys ?? []).flatMap(({ audiences, serviceAudiences, introspects, delegation }) => [
    ...[...audiences, ...serviceAudiences, ...introspects],
    ...(delegation?.audiences ?? []),
  ]);
}
