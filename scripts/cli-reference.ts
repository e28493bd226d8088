// Prints docs/reference/cli.md, generated from the help of the command line. With --write, updates the file.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Argument, Command, Option } from 'commander';
import { createProgram } from '../src/cli/run-command-line.js';

const PAGE = fileURLToPath(new URL('../docs/reference/cli.md', import.meta.url));
const MARKERS = /(<!-- cli: [^\n]*-->\n)[\s\S]*(<!-- cli: end -->)/;

/**
 * Replaces the part of the page between its markers.
 *
 * @throws Error if the page has no markers
 */
export function updateCliReference(page: string): string {
  if (!MARKERS.test(page)) throw new Error('docs/reference/cli.md has no markers <!-- cli: ... -->');
  return page.replace(
    MARKERS,
    (_part, start: string, end: string) => `${start}\n${describeProgram()}\n\n${end}`,
  );
}

function describeProgram(): string {
  const printed: string[] = [];
  const program = createProgram({
    directory: '.',
    print: (line) => void printed.push(line),
    note: () => {},
    readInput: async () => '',
    clock: () => 0,
  });
  /** Text after the options in the help of a command: notes and examples. */
  const readExamples = (command: Command): string => {
    printed.length = 0;
    command.outputHelp();
    return printed.slice(1).join('\n').trim();
  };
  const describe = (command: Command, path: string): string[] => {
    const name = `${path} ${command.name()}`.trim();
    const inner = command.commands.flatMap((each) => describe(each, name));
    return command === program ? inner : [describeCommand(command, name, readExamples(command)), ...inner];
  };
  return describe(program, '').join('\n\n');
}

function describeCommand(command: Command, name: string, examples: string): string {
  const level = name.split(' ').length === 2 ? '##' : '###';
  const options = command.createHelp().visibleOptions(command);
  const isGroup = command.commands.length > 0;
  return [
    `${level} \`${name}\``,
    toSentence(command.description()),
    ...(isGroup ? [] : [fence(`${name} ${command.usage()}`)]),
    ...describeArguments(command.registeredArguments),
    ...(isGroup ? [] : describeOptions(options)),
    ...(examples === '' ? [] : [fence(examples)]),
  ].join('\n\n');
}

function fence(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

/** Return a table, or nothing if it would have no rows. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return rows.length === 0 ? [] : [lines.join('\n').replaceAll('|  |', '| |').replaceAll(' --- ', '---')];
}

function describeArguments(args: readonly Argument[]): readonly string[] {
  const rows = args.map((each) => [
    ...[`\`${each.name()}\``, cell(each.description), each.required ? 'required' : 'none'],
  ]);
  return table(['argument', 'meaning', 'default'], rows);
}

function describeOptions(options: readonly Option[]): readonly string[] {
  const rows = options
    .filter(({ long }) => long !== '--help')
    .map((option) => [
      ...[`\`${option.flags}\``, cell(option.description)],
      ...[option.envVar === undefined ? '' : `\`${option.envVar}\``, describeDefault(option)],
    ]);
  return table(['option', 'meaning', 'variable', 'default'], rows);
}

function describeDefault(option: Option): string {
  const { mandatory, defaultValue, defaultValueDescription } = option;
  if (defaultValueDescription !== undefined) return defaultValueDescription;
  if (defaultValue !== undefined) return `\`${String(defaultValue)}\``;
  if (mandatory) return 'required';
  return option.isBoolean() ? 'off' : 'none';
}

/** Escape characters that would end a table cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '\\<').replaceAll('\n', ' ');
}

function toSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${cell(text.slice(1))}${/[.!?]$/.test(text) ? '' : '.'}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = updateCliReference(readFileSync(PAGE, 'utf8'));
  if (process.argv.includes('--write')) writeFileSync(PAGE, page);
  else console.log(page);
}
