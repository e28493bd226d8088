import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { drawChart } from './chart.js';
import { formatGatewayTable } from './gateway-table.js';
import { formatRouteTables, listPanels } from './route-tables.js';
import { formatDirectoryTable, formatDpopTable, formatTrustedTable } from './topic-tables.js';

/** @typedef {import('./measure.js').Measurement} Measurement */

/**
 * Results of a run.
 * @typedef {object} Results
 * @property {string} run Node, machine and rounds, in words
 * @property {string} date
 * @property {number} [rounds]
 * @property {readonly Omit<Measurement, 'samples'>[]} measurements
 */

/**
 * Latest results of one scenario.
 * @typedef {Results & { scenario: string }} ScenarioResults
 */

const RESULTS = new URL('results/', import.meta.url);
const CHART = new URL('../docs/bench.svg', import.meta.url);
const PAGE = new URL('../docs/explain/performance.md', import.meta.url);
const TITLE = 'Requests per second of guarded routes, as shares of bare Express';

/** Sections of the page. */
const SECTIONS = {
  '<!-- bench: written by `npm run bench -- --write` -->': formatRouteTables,
  '<!-- bench, trusted issuers: written by `npm run bench -- --write` -->': formatTrustedTable,
  '<!-- bench, DPoP: written by `npm run bench -- --write` -->': formatDpopTable,
  '<!-- bench, directory: written by `npm run bench -- --write` -->': formatDirectoryTable,
  '<!-- bench, gateway: written by `npm run bench -- --write` -->': formatGatewayTable,
};
const END = '<!-- bench: end -->';

/**
 * Saves the results for this major version of Node. Results of other scenarios stay.
 * @param {Results} results
 */
export async function keepResults({ measurements, ...run }) {
  const [major] = process.versions.node.split('.');
  const file = new URL(`node-${major}.json`, RESULTS);
  await mkdir(RESULTS, { recursive: true });
  const before = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : [];
  const measured = new Set(measurements.map(({ scenario }) => scenario));
  const kept = before.filter(({ scenario }) => !measured.has(scenario));
  const added = [...measured].map((name) => ({
    ...{ scenario: name, ...run },
    measurements: measurements.filter(({ scenario }) => scenario === name),
  }));
  await writeFile(file, `${JSON.stringify([...kept, ...added], null, 2)}\n`);
}

/** Draws the chart and writes the tables of docs/explain/performance.md from all results. */
export async function publishResults() {
  const { page, chart } = await renderResults();
  await writeFile(CHART, chart);
  await writeFile(PAGE, page);
}

/**
 * Renders the page and the chart from all results in bench/results.
 * @returns {Promise<{ page: string, chart: string }>}
 */
export async function renderResults() {
  const names = (await readdir(RESULTS)).toSorted().toReversed();
  const versions = await Promise.all(
    names.map(async (name) => ({
      name: `Node ${/\d+/.exec(name)?.[0]}`,
      results: JSON.parse(await readFile(new URL(name, RESULTS), 'utf8')),
    })),
  );
  const { series, panels } = listPanels(versions);
  const write = (text, [begin, format]) => replaceSection(text, begin, format(versions));
  const page = Object.entries(SECTIONS).reduce(write, await readFile(PAGE, 'utf8'));
  return { page, chart: drawChart(TITLE, panels, series) };
}

/**
 * @param {string} page
 * @param {string} begin
 * @param {string} section
 */
function replaceSection(page, begin, section) {
  const [before, rest = ''] = page.split(begin);
  const end = rest.indexOf(END);
  if (end < 0) throw new Error(`${PAGE.pathname} must contain the lines ${begin} and ${END}`);
  return `${before}${begin}\n${section}\n${rest.slice(end)}`;
}
