/** @typedef {import('./measure.js').Measurement} Measurement */

/**
 * What a subject is to take at most, in terms of another one of the same scenario, by their medians.
 * @typedef {object} Goal
 * @property {string} scenario
 * @property {string} subject
 * @property {string} of what it is related to
 * @property {number} most
 */

/** @type {readonly Goal[]} */
const GOALS = [
  { scenario: 'verify', subject: 'passport-jwe', of: 'floor', most: 1.3 },
  { scenario: 'verify', subject: 'passport-jwe', of: 'jose', most: 1 / 3 },
  { scenario: 'verify', subject: 'passport-jwe', of: 'jose, 64 in flight', most: 1 / 3 },
  { scenario: 'verify, repeated', subject: 'passport-jwe', of: 'floor', most: 0.25 },
  { scenario: 'encrypt', subject: 'passport-jwe', of: 'floor', most: 1.3 },
  { scenario: 'revoked, memory', subject: '1000000 entries', of: '1000 entries', most: 1.3 },
  { scenario: 'revoked, LMDB', subject: '1000000 entries', of: '1000 entries', most: 1.3 },
];

/**
 * @typedef {object} Verdict
 * @property {string} text
 * @property {boolean} holds
 */

/**
 * Which goals are reached; those of scenarios that were not measured are left out.
 * @param {readonly Measurement[]} measurements
 * @returns {Verdict[]}
 */
export function judgeGoals(measurements) {
  const medianOf = (scenario, subject) =>
    measurements.find((each) => each.scenario === scenario && each.subject === subject)?.median;
  return GOALS.flatMap(({ scenario, subject, of, most }) => {
    const [median, reference] = [medianOf(scenario, subject), medianOf(scenario, of)];
    if (median === undefined || reference === undefined) return [];
    const ratio = median / reference;
    const holds = ratio <= most;
    const text = `${scenario}: ${subject} takes ${ratio.toFixed(2)} x ${of}, at most ${most.toFixed(2)} x is the goal`;
    return [{ text: `${holds ? 'holds ' : 'misses'}  ${text}`, holds }];
  });
}
