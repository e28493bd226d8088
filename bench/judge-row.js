/** @typedef {import('./measure.js').Measurement} Measurement */

/** Units in which more is better. In all others, less is. */
const RATES = ['req/s'];

/**
 * @typedef {object} Verdict
 * @property {'measured' | 'indistinguishable' | 'impossible'} kind
 * @property {string} [of] the contained subject, unless the row is measured
 */

/**
 * Decides whether a row can be published. A subject cannot be cheaper than a subject that is a strict part of it. If the
 * 95 % interval of their ratio contains such a value, or if the medians contradict the order, the row is
 * indistinguishable from the part. If the whole interval is impossible, the measurement is wrong.
 * @param {Pick<Measurement, 'unit' | 'parts'>} measurement
 * @returns {Verdict}
 */
export function judgeRow({ unit, parts }) {
  const verdicts = parts.map(({ of, ratioOfMedians, interval }) => {
    const isRate = RATES.includes(unit);
    const costOf = (ratio) => (isRate ? 1 / ratio : ratio);
    const costs = interval.map(costOf);
    if (Math.max(...costs) < 1) return { kind: 'impossible', of };
    if (Math.min(...costs) <= 1 || costOf(ratioOfMedians) <= 1) return { kind: 'indistinguishable', of };
    return { kind: 'measured' };
  });
  const byKind = (kind) => verdicts.find((each) => each.kind === kind);
  return byKind('impossible') ?? byKind('indistinguishable') ?? { kind: 'measured' };
}
