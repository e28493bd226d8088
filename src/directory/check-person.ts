import { findNonJson } from '../base/find-non-json.js';
import { freezeJson, isJsonObject, type JsonObject } from '../base/json.js';
import { RESERVED_CLAIMS } from '../token/claims/claims-set.js';
import type { DirectoryPerson, PersonState } from './directory.js';
import { normalizeDn } from './normalize-dn.js';
import { subjectOf } from './subject-of.js';

/** A person whose description follows the contract of `DirectoryPerson`. Deeply frozen. */
export interface Person {
  readonly id: string;
  /** Subject of the tokens of the person. */
  readonly subject: string;
  readonly state: PersonState;
  /** Normalized names of the groups. Names that are not distinguished names are omitted, because no API key can list them. */
  readonly groups: readonly string[];
  /** Custom claims without reserved names. */
  readonly claims: JsonObject;
}

const STATES: Readonly<Record<PersonState, true>> = {
  ...{ active: true, disabled: true, expired: true, locked: true, password_expired: true },
};

/** Maximum length of an ID. A store limits the identities in its records. */
const MAX_ID_LENGTH = 1024;

/** Maximum nesting depth of claims, as of all custom claims. */
const MAX_CLAIMS_DEPTH = 8;

/** `may_act` lets others act for a person (RFC 8693 §4.4), so only the claims hook of the router may set it. */
const isReserved = (name: string): boolean => RESERVED_CLAIMS.has(name) || name === 'may_act';

/**
 * Check the description of a person. Directories may be third-party code, and a malformed description must not become a
 * token.
 *
 * @param source name of the directory
 * @throws TypeError if the description breaks the contract. The message contains no value.
 */
export function checkPerson(source: string, answer: unknown): Person {
  const reject = (problem: string): never => {
    throw new TypeError(`The directory ${source} returned a person ${problem}: correct its Directory`);
  };
  if (!isJsonObject(answer)) return reject('that is not an object');
  const { id, state, groups, claims = {} }: { readonly [Name in keyof DirectoryPerson]?: unknown } = answer;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH || !id.isWellFormed())
    return reject('without a valid id');
  if (!isState(state)) return reject('with an unknown state');
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string'))
    return reject('whose groups are not an array of strings');
  if (!isJsonObject(claims) || findNonJson(claims, MAX_CLAIMS_DEPTH, 'claims') !== undefined)
    return reject('whose claims are not a JSON object');
  const names = new Set(groups.flatMap((group: string) => normalizeDn(group) ?? []));
  return Object.freeze({
    ...{ id, subject: subjectOf(source, id), state },
    groups: Object.freeze([...names]),
    claims: copyClaims(claims),
  });
}

function isState(state: unknown): state is PersonState {
  return typeof state === 'string' && Object.hasOwn(STATES, state);
}

function copyClaims(claims: JsonObject): JsonObject {
  const copy: JsonObject = JSON.parse(JSON.stringify(claims));
  const allowed = Object.fromEntries(Object.entries(copy).filter(([name]) => !isReserved(name)));
  freezeJson(allowed, Number.POSITIVE_INFINITY);
  return allowed;
}
