import type { LoadedApiKeys } from '../api-keys/load-api-keys.js';
import type { JsonObject } from '../base/json.js';
import type { Revocable } from '../revocation/revocable.js';
import type { CommandIo } from './command-io.js';
import { findApiKeys, type StoreOptions } from './settings.js';

/** The options of `token revoke`. */
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

/** The targets of a revocation, and its output. */
export interface Revocation {
  readonly targets: readonly Revocable[];
  /** The session of a refresh token; its families end too. */
  readonly session?: { readonly clientId: string; readonly subject: string; readonly sessionId: string };
  readonly text: string;
  /** More members of the JSON result. */
  readonly details: JsonObject;
  /** Notes for standard error. */
  readonly notes: readonly string[];
}

/** The issuer and the audiences that keys are derived for. */
export interface Service {
  readonly issuer: string | undefined;
  readonly audiences: readonly string[];
}

/** Adds the audiences of all API keys to those that the options name. */
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
