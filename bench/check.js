import { compare } from './measure.js';

/** @typedef {import('./measure.js').Measurement} Measurement */

/**
 * Maximum time of `verify` relative to the floor. Typical values on a shared machine with two cores are 1.3 to 1.5;
 * jose, one token at a time, takes 10 to 16.
 */
const MAX_RATIO_TO_FLOOR = 2.5;

/**
 * Checks the hot path relative to the floor and to jose, independent of the machine.
 * @param {readonly Measurement[]} measurements
 * @returns {string[]} problems; empty if `verify` is within its bounds
 */
export function checkVerify(measurements) {
  const ours = find(measurements, 'verify', 'passport-jwe');
  const jose = find(measurements, 'verify', 'jose');
  const ratio = ours.ratioToFloor ?? Number.POSITIVE_INFINITY;
  const problems = [];
  if (ratio > MAX_RATIO_TO_FLOOR) {
    problems.push(
      `verify takes ${ratio.toFixed(2)} x the time of the floor; the bound is ${MAX_RATIO_TO_FLOOR} x`,
    );
  }
  if (ours.median > jose.median) problems.push('verify is slower than jose, one token at a time');
  return problems;
}

/**
 * Maximum time of a verification with a million revocations, relative to one with a thousand. The goal is 1.3 for both
 * drivers. LMDB, whose tree grows deeper, typically takes 1.3 to 1.4.
 */
const MAX_RATIO_TO_THOUSAND = { 'revoked, memory': 1.3, 'revoked, LMDB': 1.6 };

/**
 * Checks that the number of revocations does not affect the latency of a request noticeably.
 * @param {readonly Measurement[]} measurements
 * @returns {string[]} problems; empty if the check is within its bounds
 */
export function checkRevocations(measurements) {
  const scenarios = new Set(measurements.map(({ scenario }) => scenario));
  return [...scenarios].filter(isRevocation).flatMap((scenario) => {
    const [few, many] = [1000, 1_000_000].map(
      (size) => find(measurements, scenario, `${size} entries`).median,
    );
    const [ratio, bound] = [many / few, MAX_RATIO_TO_THOUSAND[scenario] ?? 1];
    if (ratio <= bound) return [];
    return [
      `${scenario}: a million entries take ${ratio.toFixed(2)} x the time of a thousand; the bound is ${bound} x`,
    ];
  });
}

/**
 * Maximum CPU time of new tokens relative to the floor. The goals are 1.2, and 2 for unsigned tokens. Typical values on a
 * shared machine with two cores are 1.1 to 1.4, and 1.5 to 2.7.
 */
const MAX_TRUSTED_RATIO_TO_FLOOR = { signed: 2, unsigned: 4 };

/**
 * Checks new tokens of trusted issuers relative to the floor, and that cached tokens cost only a share of new ones.
 * @param {readonly Measurement[]} measurements
 * @returns {string[]} problems; empty if all forms are within their bounds
 */
export function checkTrustedIssuers(measurements) {
  const scenarios = new Set(measurements.map(({ scenario }) => scenario));
  const forms = [...scenarios].filter((scenario) => scenario.startsWith('trusted issuer, '));
  return forms.flatMap((scenario) => {
    const fresh = find(measurements, scenario, 'passport-jwe');
    const cached = find(measurements, scenario, 'passport-jwe, cached');
    const bound = MAX_TRUSTED_RATIO_TO_FLOOR[scenario.endsWith('unsigned') ? 'unsigned' : 'signed'];
    const ratio = fresh.ratioToFloor ?? Number.POSITIVE_INFINITY;
    return [
      ...(ratio > bound
        ? [`${scenario} takes ${ratio.toFixed(2)} x the time of the floor; the bound is ${bound} x`]
        : []),
      ...(cached.median > fresh.median / 2
        ? [`${scenario}: cached tokens take more than half the time of new ones`]
        : []),
    ];
  });
}

/**
 * Maximum CPU time of requests with DPoP relative to the floor, with and without a nonce, and of bearer requests if DPoP is
 * allowed. The goals are 1.35 and 1. Typical values on a shared machine with two cores are 1.1 to 1.3, and 0.95 to 1.05.
 */
const MAX_DPOP_RATIO_TO_FLOOR = 2;
const MAX_BEARER_RATIO = 1.3;

/**
 * Checks new proofs for repeated tokens relative to the floor, and that the option does not slow down bearer tokens.
 * @param {readonly Measurement[]} measurements
 * @returns {string[]} problems; empty if all are within their bounds
 */
export function checkDpop(measurements) {
  const slow = ['passport-jwe', 'passport-jwe, nonce']
    .map((subject) => find(measurements, 'DPoP', subject))
    .filter(({ ratioToFloor }) => (ratioToFloor ?? Number.POSITIVE_INFINITY) > MAX_DPOP_RATIO_TO_FLOOR);
  const [alone, allowed] = ['without dpop', 'DPoP allowed'].map((subject) =>
    find(measurements, 'DPoP, bearer tokens', subject),
  );
  const { median } = compare(allowed, alone);
  return [
    ...slow.map(
      ({ subject, ratioToFloor }) =>
        `DPoP: ${subject} takes ${ratioToFloor?.toFixed(2)} x the time of the floor; the bound is ${MAX_DPOP_RATIO_TO_FLOOR} x`,
    ),
    ...(median > MAX_BEARER_RATIO
      ? [
          `DPoP allowed: bearer tokens take ${median.toFixed(2)} x the time; the bound is ${MAX_BEARER_RATIO} x`,
        ]
      : []),
  ];
}

/** @param {string} scenario */
function isRevocation(scenario) {
  return scenario.startsWith('revoked, ');
}

/**
 * @param {readonly Measurement[]} measurements
 * @param {string} scenario
 * @param {string} subject
 */
function find(measurements, scenario, subject) {
  const found = measurements.find((each) => each.scenario === scenario && each.subject === subject);
  if (found === undefined) throw new Error(`The scenario ${scenario} did not measure ${subject}`);
  return found;
}
