import { performance } from 'node:perf_hooks';

/**
 * Subjects that do the same thing. One that is named `floor` or `bare` is what the others are related to.
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} unit
 * @property {readonly import('./subjects.js').Subject[]} subjects
 * @property {readonly Fact[]} [facts] what was found out on the way
 * @property {() => Promise<void>} [dispose] lets go of what the subjects needed
 */

/**
 * Something that is counted once, not measured in rounds.
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
 * @property {number | null} ratioToFloor of the medians; null where the scenario has no subject `floor`
 * @property {number | null} ratioToBare the same for `bare`
 */

/** Long enough for many collections of garbage to fall into each sample, so that each subject pays for its own. */
const SAMPLE_MS = 80;

/**
 * Measures the subjects in turn, round after round, so that whatever slows the machine down for a while slows
 * all of them. The first round is discarded.
 * @param {Scenario} scenario
 * @param {number} rounds
 * @returns {Promise<Measurement[]>}
 */
export async function measureScenario(scenario, rounds) {
  const runs = await calibrate(scenario.subjects);
  await measureRound(runs);
  for (const run of runs) run.samples.length = 0;
  for (let round = 0; round < rounds; round += 1) {
    await measureRound(round % 2 === 0 ? runs : runs.toReversed());
  }
  await scenario.dispose?.();
  return [
    ...summarize(scenario, runs),
    ...(scenario.facts ?? []).map((fact) => asMeasurement(scenario, fact)),
  ];
}

/**
 * @param {Scenario} scenario
 * @param {Fact} fact
 * @returns {Measurement}
 */
function asMeasurement({ name: scenario }, { subject, unit, value }) {
  return {
    scenario,
    subject,
    unit,
    median: value,
    min: value,
    max: value,
    ratioToFloor: null,
    ratioToBare: null,
  };
}

/**
 * @typedef {object} Run
 * @property {import('./subjects.js').Subject} subject
 * @property {number} operations in a sample
 * @property {number[]} samples microseconds an operation
 */

/**
 * Finds out how many operations fill a sample; what is compiled on the way is hot afterwards.
 * @param {Scenario['subjects']} subjects
 * @returns {Promise<Run[]>}
 */
async function calibrate(subjects) {
  const runs = [];
  for (const subject of subjects) {
    let operations = 64;
    let elapsedMs = await time(subject, operations);
    while (elapsedMs < SAMPLE_MS / 2) {
      operations *= 2;
      elapsedMs = await time(subject, operations);
    }
    runs.push({ subject, operations: Math.ceil((operations * SAMPLE_MS) / elapsedMs), samples: [] });
  }
  return runs;
}

/** @param {readonly Run[]} runs */
async function measureRound(runs) {
  for (const { subject, operations, samples } of runs) {
    const elapsedMs = await time(subject, operations);
    samples.push((elapsedMs * 1000) / operations);
  }
}

/**
 * @param {import('./subjects.js').Subject} subject
 * @param {number} operations
 */
async function time(subject, operations) {
  const start = performance.now();
  await subject.run(operations);
  return performance.now() - start;
}

/**
 * @param {Scenario} scenario
 * @param {readonly Run[]} runs
 * @returns {Measurement[]}
 */
function summarize({ name, unit }, runs) {
  const floor = findMedian(runs, 'floor');
  const bare = findMedian(runs, 'bare');
  return runs.map(({ subject, samples }) => {
    const median = medianOf(samples);
    return {
      scenario: name,
      subject: subject.name,
      unit,
      median,
      min: Math.min(...samples),
      max: Math.max(...samples),
      ratioToFloor: floor === undefined ? null : median / floor,
      ratioToBare: bare === undefined ? null : median / bare,
    };
  });
}

/**
 * @param {readonly Run[]} runs
 * @param {string} name of a subject
 */
function findMedian(runs, name) {
  const run = runs.find(({ subject }) => subject.name === name);
  return run === undefined ? undefined : medianOf(run.samples);
}

/** @param {readonly number[]} samples */
function medianOf(samples) {
  const sorted = samples.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
