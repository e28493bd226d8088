/** @typedef {import('./measure.js').Measurement} Measurement */

/**
 * Most that `verify` of this package may take, in terms of the floor. Measured on Node 20 and a shared machine
 * with two cores: 1.3 to 1.5, idle or loaded. What was measured of jose, one token at a time: 10 to 16.
 */
const MAX_RATIO_TO_FLOOR = 2.5;

/**
 * Guards the shape of the hot path, not its speed on some machine.
 * @param {readonly Measurement[]} measurements
 * @returns {string[]} what is wrong; empty where `verify` keeps its bounds
 */
export function checkVerify(measurements) {
  const ours = find(measurements, 'verify', 'passport-jwe');
  const jose = find(measurements, 'verify', 'jose');
  const ratio = ours.ratioToFloor ?? Number.POSITIVE_INFINITY;
  const problems = [];
  if (ratio > MAX_RATIO_TO_FLOOR) {
    problems.push(`verify takes ${ratio.toFixed(2)} x the floor, more than ${MAX_RATIO_TO_FLOOR} x`);
  }
  if (ours.median > jose.median) problems.push('verify is slower than jose, one token at a time');
  return problems;
}

/**
 * Most that a verification may take with a million revocations, in terms of one with a thousand. The goal is 1.3 for both
 * drivers; LMDB, whose tree grows deeper, measured 1.3 to 1.4.
 */
const MAX_RATIO_TO_THOUSAND = { 'revoked, memory': 1.3, 'revoked, LMDB': 1.6 };

/**
 * Guards that what is revoked costs a request nothing that it can feel.
 * @param {readonly Measurement[]} measurements
 * @returns {string[]} what is wrong; empty where the check keeps its bounds
 */
export function checkRevocations(measurements) {
  const scenarios = new Set(measurements.map(({ scenario }) => scenario));
  return [...scenarios].filter(isRevocation).flatMap((scenario) => {
    const [few, many] = [1000, 1_000_000].map(
      (size) => find(measurements, scenario, `${size} entries`).median,
    );
    const [ratio, bound] = [many / few, MAX_RATIO_TO_THOUSAND[scenario] ?? 1];
    if (ratio <= bound) return [];
    return [`${scenario}: a million take ${ratio.toFixed(2)} x a thousand, more than ${bound} x`];
  });
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
