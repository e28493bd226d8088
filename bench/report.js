import { cpus } from 'node:os';
import { PINNED } from './pin-process.js';

/** @typedef {import('./measure.js').Measurement} Measurement */

/** @type {[title: string, member: 'median' | 'min' | 'max' | 'ratioToFloor' | 'ratioToBare'][]} */
const COLUMNS = [
  ['median', 'median'],
  ['min', 'min'],
  ['max', 'max'],
  ['x floor', 'ratioToFloor'],
  ['x bare', 'ratioToBare'],
];

/**
 * @param {number} rounds
 * @param {number} tokenLength in characters
 */
export function describeRun(rounds, tokenLength) {
  const processors = cpus();
  const machine = `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}`;
  return `Node ${process.version}, ${machine}; ${rounds} rounds${PINNED ? '' : ', not pinned'}; tokens of ${tokenLength} characters`;
}

/**
 * Formats the measurements of a scenario as tables, one per unit.
 * @param {readonly Measurement[]} measurements
 */
export function formatTables(measurements) {
  const units = [...new Set(measurements.map(({ unit }) => unit))];
  return units.map((unit) => formatTable(measurements.filter((each) => each.unit === unit))).join('\n');
}

/** @param {readonly Measurement[]} measurements */
function formatTable(measurements) {
  const [{ scenario, unit }] = measurements;
  const columns = COLUMNS.filter(([, member]) => measurements.some((each) => each[member] !== null));
  const titles = columns.map(([title]) => title);
  const rows = measurements.map((each) => {
    const cells = columns.map(([, member]) => each[member]?.toFixed(2) ?? '');
    return formatRow(`  ${each.subject}`, cells);
  });
  return ['', formatRow(`${scenario} (${unit})`, titles), ...rows].join('\n');
}

/**
 * Formats a measurement as a line of JSON.
 * @param {Measurement} measurement
 */
export function formatJsonLine({ samples, ...measurement }) {
  const round = (_member, value) => (typeof value === 'number' ? Number(value.toFixed(3)) : value);
  return JSON.stringify(measurement, round);
}

/**
 * @param {string} title
 * @param {readonly string[]} cells
 */
function formatRow(title, cells) {
  return [title.padEnd(36), ...cells.map((cell) => cell.padStart(11))].join('').trimEnd();
}
