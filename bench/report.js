import { cpus } from 'node:os';

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
  return `Node ${process.version}, ${machine}; ${rounds} rounds; tokens of ${tokenLength} characters`;
}

/**
 * The measurements of one scenario, for people.
 * @param {readonly Measurement[]} measurements
 */
export function formatTable(measurements) {
  const [{ scenario, unit }] = measurements;
  const facts = measurements.filter((each) => each.unit !== unit);
  const columns = COLUMNS.filter(([, member]) => measurements.some((each) => each[member] !== null));
  const titles = columns.map(([title]) => title);
  const rows = measurements.flatMap((each) => {
    const cells = columns.map(([, member]) => each[member]?.toFixed(2) ?? '');
    return each.unit === unit ? [formatRow(`  ${each.subject}`, cells)] : [];
  });
  const lines = facts.map((each) =>
    formatRow(`  ${each.subject}`, [`${each.median.toFixed(0)} ${each.unit}`]),
  );
  return ['', formatRow(`${scenario} (${unit})`, titles), ...rows, ...lines].join('\n');
}

/**
 * One measurement, for programs.
 * @param {Measurement} measurement
 */
export function formatJsonLine(measurement) {
  const round = (_member, value) => (typeof value === 'number' ? Number(value.toFixed(3)) : value);
  return JSON.stringify(measurement, round);
}

/**
 * @param {string} title
 * @param {readonly string[]} cells
 */
function formatRow(title, cells) {
  return [title.padEnd(24), ...cells.map((cell) => cell.padStart(9))].join('').trimEnd();
}
