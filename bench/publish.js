import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { drawChart } from './chart.js';
import { GATEWAY, listGatewayRows } from './gateway-table.js';

/** @typedef {import('./measure.js').Measurement} Measurement */

/**
 * Results of a run.
 * @typedef {object} Results
 * @property {string} run Node, machine and rounds, in words
 * @property {string} date
 * @property {readonly Omit<Measurement, 'samples'>[]} measurements
 */

/**
 * Latest results of one scenario.
 * @typedef {Results & { scenario: string }} ScenarioResults
 */

const RESULTS = new URL('results/', import.meta.url);
const CHART = new URL('../docs/bench.svg', import.meta.url);
const PAGE = new URL('../docs/explain/performance.md', import.meta.url);

/** Scenarios in the chart and the table, relative to bare Express. */
const ROUTES = ['HTTP, new tokens', 'HTTP, repeated tokens'];
const TITLE = 'Requests per second of guarded routes, as shares of bare Express';
const SERIES = ['every token new', 'a hundred tokens'];

/** Prefix of the scenarios in the table of trusted issuers. */
const TRUSTED = 'trusted issuer, ';

/** Scenarios in the table of DPoP: the route, without a server, and bearer tokens. */
const DPOP = { route: 'DPoP, route', proofs: 'DPoP' };

/** Sections of the page, by name. */
const BEGINNINGS = {
  routes: '<!-- bench: written by `npm run bench -- --write` -->',
  trusted: '<!-- bench, trusted issuers: written by `npm run bench -- --write` -->',
  dpop: '<!-- bench, DPoP: written by `npm run bench -- --write` -->',
  gateway: '<!-- bench, gateway: written by `npm run bench -- --write` -->',
};
const END = '<!-- bench: end -->';

/**
 * Saves the results for this major version of Node. Results of other scenarios stay.
 * @param {Results} results
 */
export async function keepResults({ run, date, measurements }) {
  const [major] = process.version.split('.');
  const file = new URL(`node-${major}.json`, RESULTS);
  await mkdir(RESULTS, { recursive: true });
  const before = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : [];
  const measured = new Set(measurements.map(({ scenario }) => scenario));
  const kept = before.filter(({ scenario }) => !measured.has(scenario));
  const added = [...measured].map((name) => ({
    ...{ scenario: name, run, date },
    measurements: measurements.filter(({ scenario }) => scenario === name),
  }));
  await writeFile(file, `${JSON.stringify([...kept, ...added], null, 2)}\n`);
}

/** Draws the chart and writes the tables of docs/explain/performance.md from all results. */
export async function publishResults() {
  const names = (await readdir(RESULTS)).toSorted();
  const kept = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(new URL(name, RESULTS), 'utf8'))),
  );
  const all = kept.filter(hasRoutes);
  await writeFile(CHART, drawChart(TITLE, all.map(toPanel), SERIES));
  const page = await readFile(PAGE, 'utf8');
  const trusted = kept.map((results) => results.filter(({ scenario }) => scenario.startsWith(TRUSTED)));
  const dpop = kept.map((results) =>
    results.filter(({ scenario }) => Object.values(DPOP).includes(scenario)),
  );
  const gateway = kept.map((results) => results.filter(({ scenario }) => scenario.startsWith(GATEWAY)));
  const sections = {
    routes: all.map(toTable),
    trusted: trusted.filter(({ length }) => length > 0).map(toTrustedTable),
    dpop: dpop.filter(({ length }) => length === Object.keys(DPOP).length).map(toDpopTable),
    gateway: gateway
      .filter(({ length }) => length > 0)
      .map((results) => `${describeRuns(results)}:\n\n${listGatewayRows(results)}`),
  };
  const write = (text, [name, tables]) => replaceSection(text, name, tables.join('\n\n'));
  await writeFile(PAGE, Object.entries(sections).reduce(write, page));
}

/** @param {readonly ScenarioResults[]} results */
function hasRoutes(results) {
  return ROUTES.every((route) => results.some(({ scenario }) => scenario === route));
}

/** @param {readonly ScenarioResults[]} results */
function toPanel(results) {
  const { runs, subjects, measurements } = readRoutes(results);
  const rows = subjects.map((name) => ({
    name,
    values: ROUTES.map((route) => share(measurements, route, name)),
  }));
  return { title: runs.join('; '), rows };
}

/** @param {readonly ScenarioResults[]} results */
function toTable(results) {
  const { runs, subjects, measurements } = readRoutes(results);
  const rows = subjects.map((name) => {
    const cells = ROUTES.flatMap((route) => [
      find(measurements, route, name, 'req/s').median.toFixed(0),
      share(measurements, route, name).toFixed(2),
    ]);
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  return [
    `${runs.join('; ')}:`,
    '',
    '| | requests per second, every token new | of bare Express | a hundred tokens | of bare Express |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** @param {readonly ScenarioResults[]} results of DPoP */
function toDpopTable(results) {
  const all = results.flatMap(({ measurements }) => measurements);
  const names = all.filter(({ scenario }) => scenario === DPOP.proofs).map(({ subject }) => subject);
  const rows = names.map((name) => {
    const cells = [
      find(all, DPOP.proofs, name, 'CPU µs/op'),
      find(all, DPOP.route, name, 'µs CPU/req'),
    ].flatMap(({ median, ratioToFloor }) => [median.toFixed(0), ratioToFloor.toFixed(2)]);
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  return [
    `${describeRuns(results)}:`,
    '',
    '| | without a server | x floor | on a route | x floor |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/**
 * Describes the runs of a table whose subjects use different tokens.
 * @param {readonly ScenarioResults[]} results
 */
function describeRuns(results) {
  const runs = results.map(({ run, date }) => `${run.replace(/; tokens of .*/, '')} (${date})`);
  return [...new Set(runs)].join('; ');
}

/** @param {readonly ScenarioResults[]} results of trusted issuers */
function toTrustedTable(results) {
  const rows = results.map(({ scenario, measurements }) => {
    const named = (subject) => measurements.find((each) => each.subject === subject);
    const fresh = named('passport-jwe');
    const medians = [named('floor'), fresh, named('passport-jwe, cached'), named('jose')];
    const [floor, ...others] = medians.map(({ median }) => median.toFixed(median < 100 ? 1 : 0));
    const cells = [floor, others[0], fresh.ratioToFloor.toFixed(2), ...others.slice(1)];
    return `| ${scenario.slice(TRUSTED.length)} | ${cells.join(' | ')} |`;
  });
  return [
    `${describeRuns(results)}:`,
    '',
    '| | floor | passport-jwe, new | x floor | passport-jwe, cached | jose |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** @param {readonly ScenarioResults[]} results */
function readRoutes(results) {
  const routes = results.filter(({ scenario }) => ROUTES.includes(scenario));
  const measurements = routes.flatMap((route) => route.measurements);
  return {
    runs: [...new Set(routes.map(({ run, date }) => `${run} (${date})`))],
    subjects: subjectsOf(measurements),
    measurements,
  };
}

/** @param {readonly Measurement[]} measurements */
function subjectsOf(measurements) {
  const onRoute = measurements.filter(({ scenario, unit }) => scenario === ROUTES[0] && unit === 'req/s');
  return onRoute.map(({ subject }) => subject);
}

function share(measurements, route, name) {
  return find(measurements, route, name, 'req/s').ratioToBare;
}

function find(measurements, route, name, wanted) {
  return measurements.find(
    ({ scenario, subject, unit }) => scenario === route && subject === name && unit === wanted,
  );
}

/**
 * @param {string} page
 * @param {keyof typeof BEGINNINGS} name
 * @param {string} section
 */
function replaceSection(page, name, section) {
  const begin = BEGINNINGS[name];
  const [before, rest = ''] = page.split(begin);
  const end = rest.indexOf(END);
  if (end < 0) throw new Error(`${PAGE.pathname} must contain the lines ${begin} and ${END}`);
  return `${before}${begin}\n${section}\n${rest.slice(end)}`;
}
