import { describeRuns, findMeasurement, formatCell, formatMarkdown, selectVersions } from './table-cells.js';

/** @typedef {import('./table-cells.js').Version} Version */

/** Prefix of the scenarios in the table. */
const GATEWAY = 'gateway, ';

const ADDED = ['direct', 'pipe, added', 'gateway, added'];
const WHOLE = ['direct', 'pipe', 'gateway'];

/** Figures by scenario and unit, with the subjects of the columns. */
const FIGURES = [
  { begins: 'small chat', unit: 'p50 ms', name: 'median, ms', subjects: ADDED },
  { begins: 'small chat', unit: 'p99 ms', name: '99th percentile, ms', subjects: ADDED },
  { begins: 'small chat', unit: 'CPU ms/req', name: 'CPU, ms', subjects: ['', '', 'gateway, added'] },
  { begins: '32 connections', unit: 'req/s', name: 'requests per second', subjects: WHOLE },
  { begins: '32 connections', unit: 'CPU ms/req', name: 'CPU, ms', subjects: ['', '', 'gateway'] },
  { begins: '10 MB', unit: 'ms/req', name: 'median, ms', subjects: WHOLE },
];

/**
 * @param {readonly Version[]} all the newest first
 * @returns {string} table in docs/explain/performance.md
 */
export function formatGatewayTable(all) {
  const versions = selectVersions(all, (scenario) => scenario.startsWith(GATEWAY));
  const [headline, ...others] = versions;
  if (headline === undefined) return 'There are no results yet.';
  const rows = headline.results.flatMap(({ scenario }) => {
    const name = scenario.slice(GATEWAY.length);
    return FIGURES.filter(({ begins }) => name.startsWith(begins)).map(({ unit, subjects, ...figure }) => {
      const cellOf = (version, subject) => formatCell(findMeasurement(version, scenario, subject, unit));
      return [
        `${name}: ${figure.name}`,
        ...subjects.map((subject) => cellOf(headline, subject)),
        ...others.map((version) => cellOf(version, subjects.at(-1))),
      ];
    });
  });
  const titles = others.map(({ name }) => `${name}: gateway`);
  const table = formatMarkdown(['', `${headline.name}: directly`, 'pipe', 'gateway', ...titles], rows);
  return `${describeRuns(versions)}\n\n${table}`;
}
