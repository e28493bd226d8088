import type { JsonObject, JsonValue } from '../../../src/base/json.js';

/** A token and where it is shown, in the plainest terms. */
export interface Showing {
  readonly typ: JsonValue | undefined;
  readonly claims: JsonObject;
  /** The audience that the key of the token was made for, if any. */
  readonly keyAudience: string | undefined;
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly toleranceSeconds: number;
  readonly maxAgeSeconds: number | undefined;
  readonly requiredClaims: readonly string[];
  readonly scopeClaim: string;
  readonly now: number;
}

type Fits = (value: JsonValue | undefined) => boolean;

const text: Fits = (value) => typeof value === 'string';
const filledText: Fits = (value) => typeof value === 'string' && value.length > 0;
const number: Fits = (value) => typeof value === 'number';
const absent: Fits = (value) => value === undefined;
const date: Fits = (value) =>
  typeof value === 'number' && value >= 0 && value <= Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
const either =
  (...kinds: readonly Fits[]): Fits =>
  (value) =>
    kinds.some((fits) => fits(value));
const optional = (fits: Fits): Fits => either(absent, fits);
const listOf =
  (fits: Fits): Fits =>
  (value) =>
    itemsOf(value)?.every(fits) ?? false;
const filledListOf =
  (fits: Fits): Fits =>
  (value) =>
    listOf(fits)(value) && itemsOf(value)?.length !== 0;
const objectOf =
  (members: Readonly<Record<string, Fits>>): Fits =>
  (value) =>
    membersOf(value) !== undefined &&
    Object.entries(members).every(([name, fits]) => fits(membersOf(value)?.get(name)));
const objectOfAll =
  (fits: Fits): Fits =>
  (value) =>
    [...(membersOf(value)?.values() ?? [undefined])].every(fits);

const REGISTERED = {
  ...{ iss: filledText, jti: filledText, exp: date, iat: date, nbf: optional(date) },
  aud: either(filledText, filledListOf(filledText)),
  ...{ sub: optional(filledText), client_id: optional(filledText), session_id: optional(filledText) },
  cnf: absent,
};

const ISSUED = {
  ...{ sub: filledText, client_id: filledText, api_key_name: optional(text) },
  ...{ permissions: optional(listOf(text)), metadata: optional(objectOf({})) },
};

const LIMITS = objectOf({
  ...{ requests_per_minute: number, tokens_per_minute: number, requests_per_hour: number },
  ...{ concurrent_requests: number, tokens_per_month: optional(number) },
  per_user: optional(objectOfAll(number)),
});

const LINEAGE_ENTRY = objectOf({
  ...{ jti: text, client_id: text, iat: number },
  ...{ sub: optional(text), session_id: optional(text), kid: optional(text) },
  is_actor: optional((value) => value === true),
  rate_limits: optional(LIMITS),
});

const BY_TYPE: ReadonlyMap<JsonValue | undefined, Fits> = new Map([
  ['tiered_model_exec', objectOf({ ...ISSUED, allowed_models: listOf(text), rate_limits: LIMITS })],
  ['function_call', objectOf({ ...ISSUED, allowed_functions: listOf(text), rate_limits: LIMITS })],
  ['api_call', objectOf({ ...ISSUED, allowed_endpoints: listOf(text), rate_limits: LIMITS })],
  [
    'delegation',
    objectOf({
      ...ISSUED,
      ...{ delegator: text, delegated_to: text, act: objectOf({}), expires_at: number },
      lineage: (value) => filledListOf(LINEAGE_ENTRY)(value) && (itemsOf(value)?.length ?? 0) <= 8,
      rate_limits: optional(LIMITS),
      ...{ allowed_models: optional(listOf(text)), allowed_functions: optional(listOf(text)) },
      allowed_endpoints: optional(listOf(text)),
    }),
  ],
  ['service', objectOf(ISSUED)],
]);

/** The scope that a token has; `undefined` where it is refused. Every rule that it must obey, one after the other. */
export function scopeByModel(showing: Showing): ReadonlySet<string> | undefined {
  const { typ, claims, keyAudience, issuers, audiences, toleranceSeconds: leeway, now } = showing;
  const { iss, aud, exp = NaN, iat = NaN, nbf = null, type } = claims;
  const named = [aud].flat().filter((each) => audiences.some((ours) => ours === each));
  const scopes = ['scope', showing.scopeClaim].flatMap((name) => readScope(name, claims));
  const [scope = new Set<string>(), ...others] = scopes;
  const rules = [
    /^(application\/)?at\+jwt$/i.test(typeof typ === 'string' ? typ : ''),
    objectOf(REGISTERED)(claims),
    type === undefined || (BY_TYPE.get(type)?.(claims) ?? false),
    issuers.some((ours) => ours === iss),
    named.length > 0,
    keyAudience === undefined || [aud].flat().join('\n') === keyAudience,
    Number(exp) - Number(iat) <= 86_400,
    Number(exp) > now - leeway,
    Number(nbf) <= now + leeway && Number(iat) <= now + leeway,
    now - Number(iat) <= (showing.maxAgeSeconds ?? Infinity) + leeway,
    showing.requiredClaims.every((name) => Object.keys(claims).includes(name)),
    claims['scope'] === undefined || text(claims['scope']),
    scopes.every((each) => each !== undefined),
    others.every((each) => each?.size === scope?.size && [...(each ?? [])].every((part) => scope?.has(part))),
  ];
  return rules.every(Boolean) ? scope : undefined;
}

/** Nothing where there is no such claim; `undefined` in the place of one that is no scope. */
function readScope(name: string, claims: JsonObject): readonly (ReadonlySet<string> | undefined)[] {
  const value = claims[name];
  if (value === undefined) return [];
  const parts =
    typeof value === 'string' && value !== '' ? value.split(' ') : value === '' ? [] : itemsOf(value);
  const isProper = parts?.every((part) => /^[!#-[\]-~]+$/.test(typeof part === 'string' ? part : ''));
  return [isProper ? new Set(parts?.map(String)) : undefined];
}

function itemsOf(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function membersOf(value: JsonValue | undefined): ReadonlyMap<string, JsonValue> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? new Map(Object.entries(value)) : undefined;
}
