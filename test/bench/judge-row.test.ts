import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const JUDGE = fileURLToPath(new URL('../../bench/judge-row.js', import.meta.url));

interface Part {
  readonly of: string;
  readonly ratioOfMedians: number;
  readonly interval: readonly [low: number, high: number];
}

/** Verdicts on rows with the unit and the parts, from a separate process, as the benchmark is JavaScript. */
function judge(rows: readonly { readonly unit: string; readonly parts: readonly Part[] }[]): unknown {
  const code = `import { judgeRow } from ${JSON.stringify(JUDGE)};
    console.log(JSON.stringify(${JSON.stringify(rows)}.map(judgeRow)));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }),
  );
}

const rate = (ratioOfMedians: number, ...interval: [number, number]) => ({
  unit: 'req/s',
  parts: [{ of: 'bare', ratioOfMedians, interval }],
});
const cpu = (ratioOfMedians: number, ...interval: [number, number]) => ({
  unit: 'µs CPU/req',
  parts: [{ of: 'bare', ratioOfMedians, interval }],
});

test('a row that is slower than its part in the whole interval is measured', () => {
  expect(judge([rate(0.8, 0.75, 0.85), cpu(1.3, 1.2, 1.4), { unit: 'req/s', parts: [] }])).toEqual([
    { kind: 'measured' },
    { kind: 'measured' },
    { kind: 'measured' },
  ]);
});

test('a row whose interval contains an impossible value is not distinguishable from its part', () => {
  const verdict = { kind: 'indistinguishable', of: 'bare' };

  expect(judge([rate(0.97, 0.9, 1.04), rate(0.9, 0.8, 1), cpu(1.02, 0.98, 1.1)])).toEqual([
    verdict,
    verdict,
    verdict,
  ]);
});

test('a row whose median contradicts its interval is not distinguishable from its part', () => {
  expect(judge([rate(1.19, 0.8, 0.95), cpu(0.99, 1.01, 1.2)])).toEqual([
    { kind: 'indistinguishable', of: 'bare' },
    { kind: 'indistinguishable', of: 'bare' },
  ]);
});

test('a row that is faster than its part in the whole interval is impossible', () => {
  expect(judge([rate(1.19, 1.1, 1.3), cpu(0.8, 0.7, 0.9)])).toEqual([
    { kind: 'impossible', of: 'bare' },
    { kind: 'impossible', of: 'bare' },
  ]);
});

test('one impossible part among several decides', () => {
  const parts = [
    { of: 'bare', ratioOfMedians: 0.8, interval: [0.7, 0.9] as const },
    { of: 'floor', ratioOfMedians: 1, interval: [0.9, 1.1] as const },
    { of: 'Passport alone', ratioOfMedians: 1.2, interval: [1.1, 1.3] as const },
  ];

  expect(judge([{ unit: 'req/s', parts }])).toEqual([{ kind: 'impossible', of: 'Passport alone' }]);
});
