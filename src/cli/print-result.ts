import type { NumericDate } from '../base/clock.js';
import type { JsonObject, JsonValue } from '../base/json.js';
import type { CommandIo } from './command-io.js';

/** Row of a table. All rows have the same members, which are the columns. */
export type Row = Readonly<Record<string, JsonValue>>;

/** Print a list as a table, or as a JSON array with `--json`. */
export function printList(io: CommandIo, rows: readonly Row[], isJson: boolean): void {
  if (isJson) io.print(JSON.stringify(rows));
  else if (rows.length === 0) io.note('None found.');
  else for (const line of formatTable(rows)) io.print(line);
}

/** Print a result in plain language, or as a JSON object with `--json`. */
export function printResult(io: CommandIo, result: JsonObject, { isJson, text }: PrintOptions): void {
  io.print(isJson ? JSON.stringify(result) : text);
}

interface PrintOptions {
  readonly isJson: boolean;
  readonly text: string;
}

/** Format a table with a header and aligned columns. */
export function formatTable(rows: readonly Row[]): readonly string[] {
  const names = Object.keys(rows[0] ?? {});
  const lines = [
    names.map((name) => name.toUpperCase()),
    ...rows.map((row) => names.map((name) => formatCell(row[name]))),
  ];
  const widths = names.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Format a table cell. Replace control characters, so that a name cannot inject terminal escape sequences. */
export function formatCell(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '-';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' ? '-' : text.replace(/\p{C}/gu, '?');
}

/** Format a time as ISO 8601 in UTC. Return `null` for `undefined`. */
export function formatTime(time: NumericDate | undefined): string | null {
  return time === undefined ? null : new Date(time * 1000).toISOString().replace('.000Z', 'Z');
}
