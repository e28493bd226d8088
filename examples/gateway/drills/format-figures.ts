import type { DrillResult, Figure } from './drill.js';

/** Formats the figures and the failed checks of drills as a table with aligned columns. */
export function formatFigures(results: readonly DrillResult[]): string {
  const rows = results.flatMap(({ name, figures, checks, seconds }) => [
    ...figures.map((figure) => [name, figure.name, formatValue(figure), boundOf(figure), verdictOf(figure)]),
    ...checks.filter(({ isMet }) => !isMet).map((check) => [name, check.name, '', '', 'FAILED']),
    [name, 'duration of the drill', `${seconds.toFixed(1)} s`, '', ''],
  ]);
  const table = [['drill', 'figure', 'value', 'bound', 'result'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function formatValue({ value, unit }: Figure): string {
  return `${Math.round(value)} ${unit}`.trimEnd();
}

function boundOf({ atMost, unit }: Figure): string {
  return atMost === undefined ? '' : `${atMost} ${unit}`.trimEnd();
}

function verdictOf({ value, atMost }: Figure): string {
  if (atMost === undefined) return '';
  return value <= atMost ? 'ok' : 'FAILED';
}
