import { InvalidTokenError } from '../../base/errors.js';
import { isThenable } from '../../base/is-thenable.js';
import { type ClaimsSet, RESERVED_CLAIMS } from './claims-set.js';
import type { NoClaims } from './verified-token.js';

/**
 * A schema for the custom claims of an application: any Standard Schema (https://standardschema.dev), for example of Zod,
 * Valibot or ArkType. It only checks the claims. Values that it converts or fills in are not used. If a check depends on a
 * service, let it throw `TemporarilyUnavailableError` during an outage (503). Other errors go to the error handlers.
 *
 * @typeParam Claims custom claims that the schema accepts
 *
 * @example
 * const claimsSchema = z.object({ tenant: z.string(), plan: z.enum(['free', 'pro']) });
 */
export interface ClaimsSchema<Claims extends object = NoClaims> {
  /** Members of Standard Schema, which the schema library sets. */
  readonly '~standard': {
    /** Version of Standard Schema. */
    readonly version: 1;
    /** Name of the schema library. */
    readonly vendor: string;
    /** Check a value. `issues` in the result lists the faults of an invalid value. */
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
    /** Types of the schema. Absent at run time. */
    readonly types?:
      | {
          /** Type of the claims in tokens. */
          readonly input: Claims;
          /** Type of the result, which is not used. */
          readonly output: unknown;
        }
      | undefined;
  };
}

/**
 * Result of a Standard Schema.
 *
 * @inline
 */
export interface SchemaResult {
  /** Absent, `undefined` or `null` if the value is valid. */
  readonly issues?: readonly SchemaIssue[] | null | undefined;
}

/** @inline */
interface SchemaIssue {
  /** Steps from the claims to the invalid value. The first step is the name of the claim. */
  readonly path?:
    | readonly (
        | PropertyKey
        | {
            /** Member name or index. */
            readonly key: PropertyKey;
          }
      )[]
    | undefined;
}

/** @throws TypeError if the value is not a Standard Schema */
export function assertClaimsSchema(schema: ClaimsSchema<object> | undefined, where: string): void {
  if (schema === undefined) return;
  // Schemas of ArkType are functions.
  const isHolder = typeof schema === 'function' || (typeof schema === 'object' && schema !== null);
  const standard: unknown = isHolder ? Reflect.get(schema, '~standard') : undefined;
  const validate: unknown =
    typeof standard === 'object' && standard !== null ? Reflect.get(standard, 'validate') : undefined;
  if (typeof validate === 'function') return;
  throw new TypeError(
    `${where}: claimsSchema must be a Standard Schema: pass a schema of a library such as Zod, Valibot or ArkType`,
  );
}

/**
 * Check the custom claims of a received token. Return a promise only if the schema does.
 *
 * @throws InvalidTokenError (or as rejection) if the schema rejects the claims
 */
export function assertCustomClaims(
  claims: ClaimsSet,
  schema: ClaimsSchema<object>,
): Promise<void> | undefined {
  const result = schema['~standard'].validate(selectCustomClaims(claims));
  if (isThenable(result)) return Promise.resolve(result).then(assertNoIssues);
  assertNoIssues(result);
  return undefined;
}

function assertNoIssues(result: SchemaResult): void {
  const rejected = findRejectedClaim(result);
  if (rejected === undefined) return;
  throw new InvalidTokenError('custom_claims', undefined, rejected === '' ? {} : { claim: rejected });
}

/**
 * Return the name of the first rejected claim, or an empty string if the schema names none. Deeper steps of the path can
 * be keys of user data, so they are left out.
 *
 * @returns `undefined` if the claims are valid
 */
function findRejectedClaim({ issues }: SchemaResult): string | undefined {
  if (!issues) return undefined;
  const [step = ''] = issues[0]?.path ?? [];
  return String(typeof step === 'object' ? step.key : step);
}

/** Claims that this package neither reads nor writes. */
function selectCustomClaims(claims: ClaimsSet): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !RESERVED_CLAIMS.has(name)));
}

/**
 * Check the custom claims of a token to issue. The schema receives a copy, so that it cannot add reserved claims.
 *
 * @throws TypeError (as rejection) if the schema rejects the claims. It names the claim. Messages of schemas can contain
 *   values, so they are left out.
 */
export async function assertIssuableClaims(claims: object, schema: ClaimsSchema<object>): Promise<void> {
  const rejected = findRejectedClaim(await schema['~standard'].validate(structuredClone(claims)));
  if (rejected === undefined) return;
  const path = rejected === '' ? 'claims' : `claims.${rejected}`;
  throw new TypeError(`issue: claimsSchema rejects ${path}: change the claim or the schema`);
}
