import type { NumericDate } from '../base/clock.js';
import type { JsonObject, JsonValue } from '../base/json.js';
import type { CommandIo } from './command-io.js';

/** Rows of a table, with the same members each. */
export type Row = Readonly<Record<string, JsonValue>>;

/** Prints a list: for people as a table, for scripts as one JSON array. */
export function printList(io: CommandIo, rows: readonly Row[], isJson: boolean): void {
  if (isJson) io.print(JSON.stringify(rows));
  else if (rows.length === 0) io.note('There are none.');
  else for (const line of formatTable(rows)) io.print(line);
}

/** Prints one result: for people a sentence, for scripts a JSON object. */
export function printResult(io: CommandIo, result: JsonObject, { isJson, text }: PrintOptions): void {
  io.print(isJson ? JSON.stringify(result) : text);
}

interface PrintOptions {
  readonly isJson: boolean;
  readonly text: string;
}

/** Columns as wide as they need to be, under their names. */
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

/** Whoever chose a name must not move the cursor of who lists it. */
export function formatCell(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '-';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' ? '-' : text.replace(/\p{C}/gu, '?');
}

/** ISO 8601 in UTC; nothing where there is no such time. */
export function formatTime(time: NumericDate | undefined): string | null {
  return time === undefined ? null : new Date(time * 1000).toISOString().replace('.000Z', 'Z');
}
