import { judgeRow } from './judge-row.js';
import { describeRuns, findMeasurement, formatCell, formatMarkdown, selectVersions } from './table-cells.js';

/** @typedef {import('./table-cells.js').Version} Version */

/** Scenarios of the tables and the chart, relative to bare Express, by title. */
const ROUTES = { 'every token new': 'HTTP, new tokens', 'a hundred tokens': 'HTTP, repeated tokens' };
const RATE = 'req/s';
const CPU = 'µs CPU/req';

/** Minimum number of rounds of published rates. */
export const MIN_ROUNDS = 15;

const round = (figure) => figure.toFixed(0);
const share = (figure) => figure.toFixed(2);

/** @param {readonly Version[]} versions the newest first */
function withRoutes(versions) {
  const routes = Object.values(ROUTES);
  return selectVersions(versions, (scenario) => routes.includes(scenario), routes.length).filter(
    ({ results }) => results.every(({ rounds = 0 }) => rounds >= MIN_ROUNDS),
  );
}

/**
 * Tables of guarded routes, one for each kind of load.
 * @param {readonly Version[]} all the newest first
 */
export function formatRouteTables(all) {
  const versions = withRoutes(all);
  if (versions.length === 0) return `There are no results of at least ${MIN_ROUNDS} rounds yet.`;
  const tables = Object.entries(ROUTES).map(([title, scenario]) => formatTable(versions, title, scenario));
  return [describeRuns(versions), ...tables].join('\n\n');
}

/**
 * @param {readonly Version[]} versions
 * @param {string} title
 * @param {string} scenario
 */
function formatTable([headline, ...others], title, scenario) {
  const rows = subjectsOf(headline, scenario).map((subject) => {
    const find = (version, unit) => findMeasurement(version, scenario, subject, unit);
    const rate = find(headline, RATE);
    const isMeasured = rate !== undefined && judgeRow(rate).kind === 'measured';
    return [
      subject,
      isMeasured ? round(rate.median) : '',
      formatCell(rate, { ratio: 'bare', format: share }),
      formatCell(find(headline, CPU), { format: round }),
      ...others.flatMap((version) => [
        formatCell(find(version, RATE), { ratio: 'bare', format: share }),
        formatCell(find(version, CPU), { format: round }),
      ]),
    ];
  });
  const titles = others.flatMap(({ name }) => [`${name}: of bare`, 'CPU, µs']);
  return formatMarkdown(
    [title, `${headline.name}: requests per second`, 'of bare', 'CPU, µs', ...titles],
    rows,
  );
}

/**
 * @param {Version} version
 * @param {string} scenario
 */
function subjectsOf({ results }, scenario) {
  const measurements = results.find((each) => each.scenario === scenario)?.measurements ?? [];
  return measurements.filter(({ unit }) => unit === RATE).map(({ subject }) => subject);
}

/**
 * Panels of the chart, one for each version. Rows that are not measured have no bar.
 * @param {readonly Version[]} all the newest first
 * @returns {{ series: readonly string[], panels: readonly import('./chart.js').Panel[] }}
 */
export function listPanels(all) {
  const panels = withRoutes(all).map((version) => ({
    title: `${version.name}, shares with 95 % intervals`,
    rows: subjectsOf(version, Object.values(ROUTES)[0]).map((name) => ({
      name,
      values: Object.values(ROUTES).map((scenario) => {
        const found = findMeasurement(version, scenario, name, RATE);
        const isMeasured = found !== undefined && judgeRow(found).kind === 'measured';
        return isMeasured ? { share: found.ratioToBare, interval: found.bareInterval } : undefined;
      }),
    })),
  }));
  return { series: Object.keys(ROUTES), panels };
}
