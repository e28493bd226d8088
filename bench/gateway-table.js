/** @typedef {import('./publish.js').ScenarioResults} ScenarioResults */

/** Prefix of the scenarios in the table. */
export const GATEWAY = 'gateway, ';

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
 * @param {readonly ScenarioResults[]} results of the gateway
 * @returns {string} rows of the table in docs/explain/performance.md
 */
export function listGatewayRows(results) {
  const rows = results.flatMap(({ scenario, measurements }) => {
    const name = scenario.slice(GATEWAY.length);
    return FIGURES.filter(({ begins }) => name.startsWith(begins)).map((figure) => {
      const cells = figure.subjects.map((subject) => {
        const found = measurements.find((each) => each.subject === subject && each.unit === figure.unit);
        return found === undefined ? '' : format(found.median);
      });
      return `| ${name}: ${figure.name} | ${cells.join(' | ')} |`;
    });
  });
  return ['| | directly | pipe | gateway |', '|---|---|---|---|', ...rows].join('\n');
}

/** @param {number} figure */
function format(figure) {
  return figure.toFixed(figure < 10 ? 2 : figure < 100 ? 1 : 0);
}
