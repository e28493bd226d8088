import { describeRuns, findMeasurement, formatCell, formatMarkdown, selectVersions } from './table-cells.js';

/** @typedef {import('./table-cells.js').Version} Version */

/** Prefix of the scenarios in the table of trusted issuers. */
const TRUSTED = 'trusted issuer, ';

/** Scenarios and units of the tables of DPoP and of directories. */
const DPOP = { proofs: ['DPoP', 'CPU µs/op'], route: ['DPoP, route', 'µs CPU/req'] };
const DIRECTORY = 'directory';

const ratio = (figure) => figure.toFixed(2);

/**
 * @param {readonly Version[]} all the newest first
 * @param {(scenario: string) => boolean} isWanted
 * @param {number} count minimum number of scenarios
 * @param {(headline: Version, others: readonly Version[]) => string} format
 */
function formatTopic(all, isWanted, count, format) {
  const versions = selectVersions(all, isWanted, count);
  const [headline, ...others] = versions;
  if (headline === undefined) return 'There are no results yet.';
  return `${describeRuns(versions)}\n\n${format(headline, others)}`;
}

/** @param {readonly Version[]} all the newest first */
export function formatTrustedTable(all) {
  return formatTopic(
    all,
    (scenario) => scenario.startsWith(TRUSTED),
    1,
    (headline, others) => {
      const rows = headline.results.map(({ scenario }) => {
        const find = (version, subject) => findMeasurement(version, scenario, subject, 'CPU µs/op');
        const cell = (subject) => formatCell(find(headline, subject));
        const toFloor = (version) =>
          formatCell(find(version, 'passport-jwe'), { ratio: 'floor', format: ratio });
        return [
          ...[scenario.slice(TRUSTED.length), cell('floor'), cell('passport-jwe'), toFloor(headline)],
          ...[cell('passport-jwe, cached'), cell('jose'), ...others.map(toFloor)],
        ];
      });
      const titles = [
        '',
        `${headline.name}: floor`,
        'passport-jwe, new',
        'x floor',
        'passport-jwe, cached',
        'jose',
      ];
      return formatMarkdown([...titles, ...others.map(({ name }) => `${name}: x floor`)], rows);
    },
  );
}

/** @param {readonly Version[]} all the newest first */
export function formatDpopTable(all) {
  const scenarios = Object.values(DPOP).map(([scenario]) => scenario);
  return formatTopic(
    all,
    (scenario) => scenarios.includes(scenario),
    scenarios.length,
    (headline, others) => {
      const [proofs] = DPOP.proofs;
      const measured = headline.results.find(({ scenario }) => scenario === proofs);
      const rows = (measured?.measurements ?? []).map(({ subject }) => {
        const find = (version, [scenario, unit]) => findMeasurement(version, scenario, subject, unit);
        const toFloor = (version) => (place) =>
          formatCell(find(version, place), { ratio: 'floor', format: ratio });
        const inFull = (place) => [formatCell(find(headline, place)), toFloor(headline)(place)];
        const places = Object.values(DPOP);
        return [
          subject,
          ...places.flatMap(inFull),
          ...others.flatMap((version) => places.map(toFloor(version))),
        ];
      });
      const titles = others.flatMap(({ name }) => [
        `${name}, without a server: x floor`,
        'on a route: x floor',
      ]);
      const first = ['', `${headline.name}, without a server`, 'x floor', 'on a route', 'x floor'];
      return formatMarkdown([...first, ...titles], rows);
    },
  );
}

/** @param {readonly Version[]} all the newest first */
export function formatDirectoryTable(all) {
  return formatTopic(
    all,
    (scenario) => scenario === DIRECTORY,
    1,
    (headline, others) => {
      const find = (version, subject, unit) => findMeasurement(version, DIRECTORY, subject, unit);
      const rows = ['asserted user', 'user of a directory'].map((subject) => [
        subject,
        formatCell(find(headline, subject, 'req/s')),
        ...[headline, ...others].map((version) => formatCell(find(version, subject, 'µs CPU/req'))),
      ]);
      const titles = others.map(({ name }) => `${name}: CPU, µs`);
      return formatMarkdown(['', `${headline.name}: requests per second`, 'CPU, µs', ...titles], rows);
    },
  );
}
