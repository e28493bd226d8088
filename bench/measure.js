/**
 * Subjects that do the same work. The others are compared with the one named `floor` or `bare`.
 * @typedef {object} Scenario
 * @property {string} name
 * @property {readonly Subject[]} subjects
 * @property {readonly Fact[]} [facts] values that are counted once
 * @property {Readonly<Record<string, readonly string[]>>} [contains] for each subject, those whose work is a strict part
 *   of it: it cannot be cheaper than they are
 * @property {() => Promise<void>} [dispose] releases the resources of the subjects
 */

/**
 * A measured subject. A sample has one figure per unit. All samples of a scenario have the same units.
 * @typedef {object} Subject
 * @property {string} name
 * @property {() => Promise<Record<string, number>>} sample
 */

/**
 * A value that is counted once, not measured in rounds.
 * @typedef {object} Fact
 * @property {string} subject
 * @property {string} unit
 * @property {number} value
 */

/**
 * @typedef {object} Measurement
 * @property {string} scenario
 * @property {string} subject
 * @property {string} unit
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {readonly number[]} samples one per round; a single one for a fact
 * @property {Interval} interval of the median
 * @property {number | null} ratioToFloor median of the ratios of each round; null without a subject `floor`
 * @property {Interval | null} floorInterval of `ratioToFloor`
 * @property {number | null} ratioToBare the same for `bare`
 * @property {Interval | null} bareInterval of `ratioToBare`
 * @property {readonly Part[]} parts subjects that this one strictly contains
 */

/** @typedef {readonly [low: number, high: number]} Interval 95 % interval */

/**
 * A subject relative to one that it strictly contains.
 * @typedef {object} Part
 * @property {string} of name of the contained subject
 * @property {number} ratioOfMedians
 * @property {Interval} interval of the median of the ratios of each round
 */

/**
 * Samples the subjects in turn, round after round and every other round backwards, so that a load that slows the machine
 * down temporarily slows all of them. The first round is discarded.
 * @param {Scenario} scenario
 * @param {number} rounds
 * @returns {Promise<Measurement[]>}
 */
export async function measureScenario({ name, subjects, facts = [], contains = {}, dispose }, rounds) {
  try {
    const runs = subjects.map((subject) => ({ subject, samples: [] }));
    await sampleAll(runs);
    for (const run of runs) run.samples.length = 0;
    for (let round = 0; round < rounds; round += 1) {
      await sampleAll(round % 2 === 0 ? runs : runs.toReversed());
    }
    return [...summarize(name, runs, contains), ...facts.map((fact) => asMeasurement(name, fact))];
  } finally {
    await dispose?.();
  }
}

/**
 * @typedef {object} Run
 * @property {Subject} subject
 * @property {Record<string, number>[]} samples
 */

/** @param {readonly Run[]} runs */
async function sampleAll(runs) {
  for (const { subject, samples } of runs) samples.push(await subject.sample());
}

/**
 * @param {string} scenario
 * @param {readonly Run[]} runs
 * @param {NonNullable<Scenario['contains']>} contains
 * @returns {Measurement[]}
 */
function summarize(scenario, runs, contains) {
  const units = Object.keys(runs[0]?.samples[0] ?? {});
  return units.flatMap((unit) => {
    const figuresOf = ({ samples }) => samples.map((sample) => sample[unit]);
    const figuresOfNamed = (name) => {
      const run = runs.find(({ subject }) => subject.name === name);
      return run === undefined ? null : figuresOf(run);
    };
    const [floor, bare] = [figuresOfNamed('floor'), figuresOfNamed('bare')];
    return runs.map((run) => {
      const figures = figuresOf(run);
      return {
        scenario,
        subject: run.subject.name,
        unit,
        median: medianOf(figures),
        min: Math.min(...figures),
        max: Math.max(...figures),
        samples: figures,
        interval: intervalOf(estimateMedian(figures)),
        ...{ ratioToFloor: floor && compareWith(floor, figures).median },
        ...{ floorInterval: floor && intervalOf(compareWith(floor, figures)) },
        ...{ ratioToBare: bare && compareWith(bare, figures).median },
        ...{ bareInterval: bare && intervalOf(compareWith(bare, figures)) },
        parts: (contains[run.subject.name] ?? []).map((of) => {
          const part = figuresOfNamed(of);
          const interval = intervalOf(compareWith(part, figures));
          return { of, ratioOfMedians: medianOf(figures) / medianOf(part), interval };
        }),
      };
    });
  });
}

/**
 * Estimates the median of the ratios of each round: a temporary slowdown affects both sides.
 * @param {readonly number[]} reference
 * @param {readonly number[]} figures
 */
function compareWith(reference, figures) {
  return estimateMedian(ratiosOf(reference, figures));
}

/**
 * @param {Estimate} estimate
 * @returns {Interval}
 */
function intervalOf({ low, high }) {
  return [low, high];
}

/**
 * @param {readonly number[]} reference
 * @param {readonly number[]} figures
 */
function ratiosOf(reference, figures) {
  return figures.map((figure, round) => figure / reference[round]);
}

/**
 * @param {Measurement} one
 * @param {Measurement} other of the same scenario and unit
 * @returns ratio of the first to the second: the median of the ratios of each round, and its interval
 */
export function compare(one, other) {
  return compareWith(other.samples, one.samples);
}

/** z-score of a two-sided 95 % interval. */
const Z = 1.96;

/**
 * @typedef {object} Estimate
 * @property {number} median
 * @property {number} low end of the 95 % interval
 * @property {number} high end of the 95 % interval
 */

/**
 * Estimates a median. The interval is from the order statistics (sign test), which assumes nothing about the
 * distribution of the figures.
 * @param {readonly number[]} figures
 * @returns {Estimate}
 */
export function estimateMedian(figures) {
  const sorted = figures.toSorted((one, other) => one - other);
  const rank = Math.max(0, Math.floor((sorted.length - Z * Math.sqrt(sorted.length)) / 2));
  return { median: medianOf(sorted), low: sorted[rank], high: sorted[sorted.length - 1 - rank] };
}

/**
 * @param {string} scenario
 * @param {Fact} fact
 * @returns {Measurement}
 */
function asMeasurement(scenario, { subject, unit, value }) {
  const figures = { median: value, min: value, max: value, samples: [value], interval: [value, value] };
  const ratios = { ratioToFloor: null, floorInterval: null, ratioToBare: null, bareInterval: null };
  return { scenario, subject, unit, ...figures, ...ratios, parts: [] };
}

/** @param {readonly number[]} figures */
function medianOf(figures) {
  const sorted = figures.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
