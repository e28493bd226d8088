import { judgeRow } from './judge-row.js';

/** @typedef {import('./measure.js').Measurement} Measurement */
/** @typedef {import('./publish.js').ScenarioResults} ScenarioResults */

/**
 * Results of one major version of Node.
 * @typedef {object} Version
 * @property {string} name for example `Node 24`
 * @property {readonly ScenarioResults[]} results
 */

/** Versions with results of all given scenarios, the newest first, with only these results. */
export function selectVersions(versions, isWanted, count = 1) {
  const selected = versions.map(({ name, results }) => ({
    name,
    results: results.filter(({ scenario }) => isWanted(scenario)),
  }));
  return selected.filter(({ results }) => results.length >= count);
}

/**
 * @param {Version} version
 * @param {string} scenario
 * @param {string} subject
 * @param {string} unit
 * @returns {Measurement | undefined}
 */
export function findMeasurement({ results }, scenario, subject, unit) {
  const all = results.find((each) => each.scenario === scenario)?.measurements ?? [];
  return all.find((each) => each.subject === subject && each.unit === unit);
}

/**
 * Describes the runs of a table.
 * @param {readonly Version[]} versions
 */
export function describeRuns(versions) {
  const runs = versions.flatMap(({ results }) =>
    results.map(({ run, date }) => `${run.replace(/; tokens of .*/, '')} (${date})`),
  );
  return `${[...new Set(runs)].join('; ')}.`;
}

/**
 * @param {readonly string[]} titles
 * @param {readonly (readonly string[])[]} rows
 */
export function formatMarkdown(titles, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`.replaceAll(/ {2,}/g, ' ');
  return [line(titles), `|${'---|'.repeat(titles.length)}`, ...rows.map(line)].join('\n');
}

/** @param {number} figure */
export function formatFigure(figure) {
  return figure.toFixed(figure < 10 ? 2 : figure < 100 ? 1 : 0);
}

/**
 * A figure with its 95 % interval, or the verdict if the row is not measured.
 * @param {Measurement | undefined} measurement
 * @param {{ ratio?: 'floor' | 'bare', format?: (figure: number) => string }} [options] `ratio`: relative to that subject
 */
export function formatCell(measurement, { ratio, format = formatFigure } = {}) {
  if (measurement === undefined) return '';
  const { kind, of } = judgeRow({ unit: measurement.unit, parts: measurement.parts ?? [] });
  if (kind === 'impossible') return `left out (below ${of})`;
  if (kind === 'indistinguishable') return `not distinguishable from ${of}`;
  const [median, interval] = {
    floor: [measurement.ratioToFloor, measurement.floorInterval],
    bare: [measurement.ratioToBare, measurement.bareInterval],
    none: [measurement.median, measurement.interval],
  }[ratio ?? 'none'];
  if (median === null) return '';
  const isReference = measurement.subject === ratio;
  if (isReference || interval === undefined || interval === null) return format(median);
  return `${format(median)} [${interval.map(format).join(', ')}]`;
}
