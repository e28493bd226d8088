/** @typedef {import('./measure.js').Measurement} Measurement */

/**
 * Most that `verify` of this package may take, in terms of the floor. Measured on Node 20 and a shared machine
 * with two cores: 1.7 to 1.9, idle or loaded. What was measured of jose, one token at a time: 5 to 16.
 */
const MAX_RATIO_TO_FLOOR = 2.5;

/**
 * Guards the shape of the hot path, not its speed on some machine.
 * @param {readonly Measurement[]} measurements
 * @returns {string[]} what is wrong; empty where `verify` keeps its bounds
 */
export function checkVerify(measurements) {
  const ours = findVerify(measurements, 'passport-jwe');
  const jose = findVerify(measurements, 'jose');
  const ratio = ours.ratioToFloor ?? Number.POSITIVE_INFINITY;
  const problems = [];
  if (ratio > MAX_RATIO_TO_FLOOR) {
    problems.push(`verify takes ${ratio.toFixed(2)} x the floor, more than ${MAX_RATIO_TO_FLOOR} x`);
  }
  if (ours.median > jose.median) problems.push('verify is slower than jose, one token at a time');
  return problems;
}

/**
 * @param {readonly Measurement[]} measurements
 * @param {string} subject
 */
function findVerify(measurements, subject) {
  const found = measurements.find((each) => each.scenario === 'verify' && each.subject === subject);
  if (found === undefined) throw new Error(`The scenario verify did not measure ${subject}`);
  return found;
}
