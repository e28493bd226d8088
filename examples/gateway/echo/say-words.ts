import { setTimeout as pause } from 'node:timers/promises';
import type { Response } from 'express';
import { isResponseFinished } from 'passport-jwe';
import type { Prompt } from './read-prompt.js';

/** Parts of a stream in an API format. */
export interface StreamScript {
  readonly begin: readonly object[];
  word(text: string): object;
  readonly end: readonly object[];
  /** Event that reports an error within the stream. */
  readonly failure: object;
  format(event: object): string;
  /** Text after the last event. */
  readonly trailer: string;
}

/** Streams an answer word by word at the requested pace, with the requested faults. */
export async function sayWords(res: Response, prompt: Prompt, script: StreamScript): Promise<void> {
  const { cut, fail, paceMs } = prompt.directives;
  const send = (event: object): void => void res.write(script.format(event));
  res.status(200).set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  for (const event of script.begin) send(event);
  for (const [index, word] of prompt.answer.entries()) {
    if (paceMs > 0) await pause(paceMs);
    if (isResponseFinished(res)) return;
    if (index === cut) return breakOff(res);
    if (index === fail) return void res.end(script.format(script.failure));
    send(script.word(index === 0 ? word : ` ${word}`));
  }
  for (const event of script.end) send(event);
  res.end(script.trailer);
}

/** Closes the connection once the preceding words are sent. */
async function breakOff(res: Response): Promise<void> {
  await new Promise((resolve) => void res.write(': cut\n\n', resolve));
  await pause(10);
  res.destroy();
}
