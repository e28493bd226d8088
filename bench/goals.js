import { EXTERNAL_FORMS } from './external-forms.js';
import { compare } from './measure.js';
import { LARGE_KINDS } from './scenarios/gateway-overhead.js';
import { MAX_SIZE } from './scenarios/size.js';
import { CPU_TIME } from './subjects.js';

/** @typedef {import('./measure.js').Measurement} Measurement */

/**
 * A bound of a subject relative to another one of the same scenario.
 * @typedef {object} Goal
 * @property {string} scenario
 * @property {string} subject
 * @property {string} of the subject to compare with
 * @property {string} [unit] Default: `µs/op`
 * @property {number} [most]
 * @property {number} [least]
 * @property {boolean} [paired] whether it is enough that the 95 % interval of the ratio reaches the bound. Default: `false`
 */

const RATE = 'req/s';
const CPU = CPU_TIME.unit;
const DEFAULT_UNIT = 'µs/op';
const OURS = 'passport-jwe';
const OURS_BY_PASSPORT = 'passport-jwe, Passport';

/** Peers that use jsonwebtoken are several times as fast on Node 24. */
const IS_NODE_20 = process.version.startsWith('v20.');

/** Packages that an application imports to accept signed tokens with Passport. */
const PEERS = 'passport-jwt + jsonwebtoken';

/** Unauthenticated tokens that take longest to reject. */
const DEAREST_ATTACKS = ['another header', 'deep header', 'many members, 1 KB', 'wrong tag, 8 KB'];

/** Tokens of the home issuer, beside trusted issuers and without them. */
const BESIDE_TRUSTED = {
  ...{ scenario: 'verify, trusted issuers', unit: CPU },
  ...{ subject: 'with trusted issuers', of: 'without trusted issuers' },
};

/** New proofs for a repeated token, beside the verification of one signature. */
const PROOFS = { scenario: 'DPoP', unit: CPU, subject: OURS };
const DPOP_ROUTE = { scenario: 'DPoP, route', unit: 'µs CPU/req' };

/** Bearer tokens, if DPoP is allowed and without the option. */
const BESIDE_DPOP = {
  ...{ scenario: 'DPoP, bearer tokens', unit: CPU },
  ...{ subject: 'DPoP allowed', of: 'without dpop' },
};

/** Users whom a directory verified less than a minute ago, beside users whom the client asserts. */
const DIRECTORY = { scenario: 'directory', unit: 'µs CPU/req' };

/** Unsigned tokens under a shared key take so little time that the checks of the claims are a large share. */
const TRUSTED_FORMS = EXTERNAL_FORMS.map((name) => {
  const form = { scenario: `trusted issuer, ${name}`, unit: CPU };
  return [form, name.endsWith('unsigned') ? 2 : 1.2];
});

/** @type {readonly Goal[]} */
const GOALS = [
  { scenario: 'verify', subject: OURS, of: 'floor', most: 1.3 },
  { scenario: 'verify', subject: OURS, of: 'jose', most: 1 / 3 },
  { scenario: 'verify', subject: OURS, of: 'jose, 64 in flight', most: 1 / 3 },
  { scenario: 'verify, repeated', subject: OURS, of: 'floor', most: 0.25 },
  { scenario: 'encrypt', subject: OURS, of: 'floor', most: 1.3 },
  { scenario: 'revoked, memory', subject: '1000000 entries', of: '1000 entries', most: 1.3 },
  { scenario: 'revoked, LMDB', subject: '1000000 entries', of: '1000 entries', most: 1.3 },
  { scenario: 'verify, API keys', subject: '100000 API keys', of: '10 API keys', most: 1.3 },
  { scenario: 'verify, key ring', subject: '100 roots', of: '1 root', most: 1.3 },
  { ...BESIDE_TRUSTED, most: 1.05 },
  ...TRUSTED_FORMS.flatMap(([form, most]) => [
    { ...form, subject: OURS, of: 'floor', most },
    { ...form, subject: OURS, of: 'jose', most: 1 },
    { ...form, subject: 'passport-jwe, cached', of: OURS, most: 0.25 },
  ]),
  { ...PROOFS, of: 'floor', most: 1.35 },
  { ...PROOFS, of: 'express-oauth2-jwt-bearer', most: 0.5 },
  { ...DPOP_ROUTE, subject: OURS, of: 'floor', most: 1.35 },
  { ...DPOP_ROUTE, subject: 'bearer, DPoP allowed', of: 'bearer, without dpop', most: 1, paired: true },
  { ...BESIDE_DPOP, most: 1.05 },
  { ...DIRECTORY, subject: 'user of a directory', of: 'asserted user', most: 1.1 },
  ...DEAREST_ATTACKS.map((subject) => ({ scenario: 'attacks', subject, of: 'valid', most: 6 })),
  { scenario: 'import', unit: 'ms', subject: 'passport-jwe/accept', of: PEERS, most: 1, paired: true },
  { scenario: 'import', unit: 'MB', subject: 'passport-jwe/accept', of: PEERS, most: 1 },
  { scenario: 'import', unit: 'ms', subject: 'passport-jwe after Express', of: PEERS, most: 2 },
  { scenario: 'size', unit: 'MB', subject: 'passport-jwe, installed', of: MAX_SIZE.name, most: 1 },
  ...['gateway, small chat', 'gateway, small chat, stream'].flatMap(withinBound),
  ...LARGE_KINDS.map((kind) => ({
    ...{ scenario: `gateway, 10 MB, ${kind}`, unit: 'ms/req', subject: 'gateway', of: 'pipe', most: 3.5 },
  })),
  ...onRoute('HTTP, new tokens', [
    { subject: OURS, of: 'floor', least: 0.9 },
    { subject: OURS_BY_PASSPORT, of: 'bare', least: 0.62 },
    { subject: OURS, of: 'passport-jwt', least: IS_NODE_20 ? 2.5 : 1.3 },
    { subject: OURS, of: 'express-jwt', least: IS_NODE_20 ? 2.5 : 1.3 },
    { subject: OURS, of: 'express-oauth2-jwt-bearer', least: 1.15 },
  ]),
  ...onRoute('HTTP, repeated tokens', [
    { subject: OURS, of: 'bare', least: 0.9 },
    { subject: OURS_BY_PASSPORT, of: 'bare', least: 0.82 },
    { subject: OURS, of: 'passport-jwt', least: IS_NODE_20 ? 3 : 1.8 },
    { subject: OURS, of: 'express-jwt', least: IS_NODE_20 ? 3 : 1.8 },
  ]),
  ...onRoute('HTTP, revocations', [{ subject: 'Redis', of: 'memory', least: 0.95 }]),
];

/**
 * @param {string} scenario
 * @param {readonly Pick<Goal, 'subject' | 'of' | 'least'>[]} goals
 */
function onRoute(scenario, goals) {
  return goals.map((goal) => ({ scenario, unit: RATE, ...goal }));
}

/** @param {string} scenario whose bounds are in milliseconds */
function withinBound(scenario) {
  const units = ['p50 ms', 'p99 ms', 'CPU ms/req'];
  return units.map((unit) => ({ scenario, unit, subject: 'gateway, added', of: 'bound', most: 1 }));
}

/**
 * @typedef {object} Verdict
 * @property {string} text
 * @property {boolean} holds
 */

/**
 * Judges the goals of all measured scenarios.
 * @param {readonly Measurement[]} measurements
 * @returns {Verdict[]}
 */
export function judgeGoals(measurements) {
  return GOALS.flatMap((goal) => {
    const { scenario, unit = DEFAULT_UNIT } = goal;
    const find = (subject) =>
      measurements.find(
        (each) => each.scenario === scenario && each.subject === subject && each.unit === unit,
      );
    const [one, other] = [find(goal.subject), find(goal.of)];
    return one === undefined || other === undefined ? [] : [judge(goal, compare(one, other))];
  });
}

/**
 * @param {Goal} goal
 * @param {import('./measure.js').Estimate} ratio
 * @returns {Verdict}
 */
function judge(
  { scenario, subject, of, unit = DEFAULT_UNIT, most = Number.POSITIVE_INFINITY, least = 0, paired = false },
  { median, low, high },
) {
  const holds = (paired ? low : median) <= most && (paired ? high : median) >= least;
  const bound = least > 0 ? `at least ${least.toFixed(2)}` : `at most ${most.toFixed(2)}`;
  const interval = paired ? ` [${low.toFixed(3)}, ${high.toFixed(3)}]` : '';
  const ratio = `${median.toFixed(paired ? 3 : 2)}${interval}`;
  const text = `${scenario} (${unit}): ${subject} is ${ratio} x ${of}; goal: ${bound} x`;
  return { text: `${holds ? 'holds ' : 'misses'}  ${text}`, holds };
}
