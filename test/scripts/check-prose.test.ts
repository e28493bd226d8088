import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

interface Example {
  readonly bad: string;
  readonly good: string;
}

/** A sentence with a finding and a sentence without one, by rule. */
const EXAMPLES: Readonly<Record<string, Example>> = {
  refuse: {
    bad: 'The middleware refuses expired tokens.',
    good: 'The middleware rejects expired tokens. The connection was refused. `token.refused` is an event.',
  },
  'on record': {
    bad: 'Uses of tokens are put on record.',
    good: 'The audit log has an event for each use of a token. Each record has a timestamp.',
  },
  persons: {
    bad: 'Whoever carries a token can use it.',
    good: 'The client that carries a token can use it. Keep the name of the user who signed in.',
  },
  'what is': {
    bad: 'The store keeps what was revoked.',
    good: 'The store keeps revocations. It shows what the operator revoked.',
  },
  lifetime: {
    bad: 'The last good set stays in force.',
    good: 'The last good set stays active. Tokens expire after their lifetime.',
  },
  unavailable: {
    bad: 'The store is out of reach.',
    good: 'The store is unavailable.',
  },
  'is told': {
    bad: 'The listener is told of each key.',
    good: 'The listener receives each key.',
  },
  'so many': {
    bad: 'After so many failures it is erased.',
    good: 'After five failures it is erased.',
  },
  'as it was': {
    bad: 'The value is returned as it came.',
    good: 'The value is returned unchanged.',
  },
  'to be had': {
    bad: 'No disk space is to be had.',
    good: 'No disk space is available.',
  },
  'the one before': {
    bad: 'A page follows the one before.',
    good: 'A page follows the previous page.',
  },
  'system time': {
    bad: 'The default is the clock of the machine.',
    good: 'The default is the system time.',
  },
  text: {
    bad: 'The limit must be a whole number.',
    good: 'The limit must be an integer. The body is a text block.',
  },
  'of its own': {
    bad: 'The key ring reloads by itself.',
    good: 'The key ring reloads automatically, on its own schedule.',
  },
  'where it': {
    bad: 'Throws where there is no key.',
    good: 'Throws if there is no key. The directory where keys are stored is private.',
  },
  'there is not': {
    bad: 'It names a type that there is not.',
    good: 'It names an unknown type. The log shows that there is a fault.',
  },
  slot: {
    bad: 'No place is taken by a request that ended.',
    good: 'A request that ended holds no slot. It takes the place of another file.',
  },
  allowance: {
    bad: 'The allowance of a key is used up.',
    good: 'The quota of a key is used up. See `allowance-guards.ts`.',
  },
  'name of a key': {
    bad: 'The header has the name of a key.',
    good: 'The header has a key ID.',
  },
  'tried again': {
    bad: 'A failed write is tried again.',
    good: 'A failed write is retried with exponential backoff.',
  },
  'invented terms': {
    bad: 'The token is meant for two services.',
    good: 'The audience of the token is two services.',
  },
  contraction: {
    bad: "The client can't read it.",
    good: "The client cannot read the token's claims.",
  },
  section: {
    bad: 'The challenge follows RFC 6750 section 3.1.',
    good: 'The challenge follows RFC 6750 §3.1. This section describes it.',
  },
  'sentence length': {
    bad: `A sentence of ${'far too many plain English words '.repeat(5)}ends here.`,
    good: `A sentence of ${'twelve more short plain words '.repeat(5)}ends. A list: \`a\`, \`b\` and \`c\`.`,
  },
  'dead link': {
    bad: 'See [the page](missing.md).',
    good: 'See [the heading](good.md#a-heading-of-the-page) and [a site](https://example.com/x).',
  },
};

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prose-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** Rules by line, for the file that is written. */
function check(name: string, content: string) {
  const file = join(directory, name);
  writeFileSync(file, content);
  const { status, stdout } = spawnSync(process.execPath, ['scripts/check-prose.js', file], {
    encoding: 'utf8',
  });
  const findings = [...stdout.matchAll(/^.*?:(\d+): ([^:]+): "(.*)"; write /gm)].map(
    ([, line, rule, found]) => ({ line: Number(line), rule, found }),
  );
  return { status, stdout, findings };
}

test('every rule has an example', () => {
  const { rules } = JSON.parse(readFileSync('scripts/prose/rules.json', 'utf8'));
  const names: readonly string[] = rules.map(({ rule }: { readonly rule: string }) => rule);

  expect(Object.keys(EXAMPLES)).toEqual([...names, 'sentence length', 'dead link']);
});

test('each rule finds its bad sentence, and no rule finds anything else in it', () => {
  const sentences = Object.values(EXAMPLES).map(({ bad }) => bad);
  const { status, findings, stdout } = check('bad.md', sentences.join('\n\n'));

  expect(status).toBe(1);
  expect(findings.map(({ line, rule }) => ({ line, rule }))).toEqual(
    Object.keys(EXAMPLES).map((rule, index) => ({ line: 2 * index + 1, rule })),
  );
  expect(stdout).toContain('     1  refuse\n');
  expect(stdout).toMatch(new RegExp(`^ +${sentences.length} {2}findings$`, 'm'));
});

test('no rule finds anything in the good sentences', () => {
  const sentences = Object.values(EXAMPLES).map(({ good }) => good);

  expect(check('good.md', ['# A heading of the page', ...sentences].join('\n\n'))).toEqual({
    status: 0,
    stdout: '     0  findings\n',
    findings: [],
  });
});

test('every phrase is found, over line breaks and in capitals too', () => {
  const phrases = [
    ...['nobody', 'somebody', 'anybody', 'whichever', 'upon record', 'what comes next', 'out of force'],
    ...['is away', 'is over', 'is ended', 'is named so', 'for so long', 'so much data', 'as it is'],
    ...['the one after', 'as text', 'turned away', 'of its own', 'where none', 'may none', 'maybe none'],
    ...['that there are none', 'no longer than that', 'Refusals', 'a stranger', 'of the one who calls'],
  ];
  const paragraphs = phrases.map((phrase) => `It\n${phrase.replace(' ', '\n')},\nhe says.\n`);
  const found = check('phrases.md', paragraphs.join('\n')).findings.map((finding) =>
    String(finding.found).toLowerCase(),
  );

  expect(phrases.filter((phrase) => !found.some((text) => phrase.toLowerCase().includes(text)))).toEqual([]);
});

describe('code', () => {
  test('comments and strings of several words are prose', () => {
    const { findings } = check(
      'prose.ts',
      [
        '/**',
        ' * Puts the event on',
        ' * record.',
        ' */',
        "export const text = 'nobody may call';",
        'const template = `${count("whoever calls")} was turned away`;',
        '// A token that the server',
        '// refuses.',
      ].join('\n'),
    );

    expect(findings).toEqual([
      { line: 2, rule: 'on record', found: 'on * record' },
      { line: 5, rule: 'persons', found: 'nobody' },
      { line: 6, rule: 'persons', found: 'whoever' },
      { line: 6, rule: 'refuse', found: 'turned away' },
      { line: 8, rule: 'refuse', found: 'refuses' },
    ]);
  });

  test('identifiers, wire names, code spans and examples are not', () => {
    const { stdout, findings } = check(
      'code.ts',
      [
        '/**',
        ' * Sends `token.refused`, token.refused and refuse-as-told.ts, and {@link refuse}.',
        ' *',
        ' * @example',
        " * refuse('whoever calls');",
        ' * @returns the event',
        ' */',
        "export const refuse = (nobody) => ({ kind: 'refused', type: 'token.refused', nobody });",
        "const pattern = /'whoever /.test(nobody) ? 1 / 2 : `${refuse}`;",
        "// 'refused' is a kind; its quotation marks are even: '",
      ].join('\n'),
    );

    expect({ stdout, findings }).toEqual({ stdout: '     0  findings\n', findings: [] });
  });

  test('comments of code in Markdown and YAML are prose, its identifiers are not', () => {
    const code = [
      '```ts',
      '// Whoever calls.',
      'refuse(nobody);',
      '```',
      '',
      '```sh',
      'whoever # nobody',
      '```',
    ];

    expect(check('fence.md', code.join('\n')).findings).toEqual([
      { line: 2, rule: 'persons', found: 'Whoever' },
      { line: 7, rule: 'persons', found: 'nobody' },
    ]);
    expect(check('keys.yaml', 'refuse: "nobody may"\n# In force.').findings).toEqual([
      { line: 2, rule: 'lifetime', found: 'In force' },
    ]);
  });
});

describe('Markdown', () => {
  test('items of lists and cells of tables are separate sentences', () => {
    const words = 'ten short words and more of the same kind here';
    const lines = [`- ${words}`, `- ${words}`, `- ${words}`, `- ${words}`, '', `| ${words} | ${words} |`];

    expect(check('list.md', [...lines, `| ${words} | ${words} |`].join('\n')).findings).toEqual([]);
  });

  test('anchors are those of GitHub, numbered if headings are equal', () => {
    const text = [
      '## `openKeyRing()`: keys & audit',
      '## Same',
      '## Same',
      '[one](#openkeyring-keys--audit) [two](#same-1) [three](#same-2) [four](other.md "title") ![five](a.svg)',
      '<img src="b.svg"> `[six](c.md)`',
      '```md',
      '[seven](d.md)',
      '```',
    ];

    expect(check('links.md', text.join('\n\n')).findings.map(({ found }) => found)).toEqual([
      '#same-2',
      'other.md',
      'a.svg',
      'b.svg',
    ]);
  });
});
