import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Jwk } from '../../src/keys/jwk.js';

/** A token to judge, under the key of this name. */
export type JudgeRequest =
  | { readonly action: 'decrypt'; readonly key: string; readonly token: string }
  | { readonly action: 'verify'; readonly key: string; readonly token: string; readonly alg: string };

/** One long-lived Python process with jwcrypto. */
export interface JwcryptoJudge {
  /** The payload of each token as latin1, or `undefined` where jwcrypto rejects it. One call at a time. */
  judge(requests: readonly JudgeRequest[]): Promise<readonly (string | undefined)[]>;
  close(): Promise<void>;
}

const PYTHON = '/usr/bin/python3';
const PROGRAM = fileURLToPath(new URL('./programs/judge-by-jwcrypto.py', import.meta.url));

/** Whether Debian's python3-jwcrypto is installed. Does not import Jest, since fuzzing runs without it. */
export function hasJwcrypto(): boolean {
  return spawnSync(PYTHON, ['-c', 'import jwcrypto']).status === 0;
}

export function startJwcryptoJudge(keys: Readonly<Record<string, Jwk>>): JwcryptoJudge {
  const running = spawn(PYTHON, ['-I', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  const ended = once(running, 'close');
  running.stdin.write(`${JSON.stringify(keys)}\n`);
  return {
    async judge(requests) {
      running.stdin.write(`${JSON.stringify(requests)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error('jwcrypto ended');
      const payloads: readonly (string | null)[] = JSON.parse(value);
      return payloads.map((hex) => (hex === null ? undefined : Buffer.from(hex, 'hex').toString('latin1')));
    },
    async close() {
      running.stdin.end();
      await ended;
    },
  };
}
