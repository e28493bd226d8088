import { StreamBrokenError, type StreamEvent } from './wire-format.js';

/** Maximum length of an event. Providers send shorter events. */
const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

/** End of an event: two line ends, each of them CRLF, LF or CR. A CR at the end of the input may precede an LF. */
const END_OF_EVENT = /(?:\r\n|\n|\r(?!\n|$)){2}/g;
const LINE = /\r\n|\n|\r/;

/** Maximum length of the end of an event, except for its last character. The previous text can contain this part. */
const OVERLAP = 3;

/** Splits a stream into server-sent events, and keeps the text of each event, including comments. */
export class EventSplitter {
  /** Parts of the incomplete event. They are joined once, so that the effort is linear in the length of the event. */
  #parts: string[] = [];
  #length = 0;

  /**
   * Returns the events that the text completes.
   *
   * @throws StreamBrokenError if an event is too long.
   */
  push(text: string): readonly StreamEvent[] {
    const events: StreamEvent[] = [];
    let rest = this.#takeTail() + text;
    END_OF_EVENT.lastIndex = 0;
    for (let end = END_OF_EVENT.exec(rest); end !== null; end = END_OF_EVENT.exec(rest)) {
      events.push(readEvent(this.#takeParts() + rest.slice(0, END_OF_EVENT.lastIndex)));
      rest = rest.slice(END_OF_EVENT.lastIndex);
      END_OF_EVENT.lastIndex = 0;
    }
    this.#parts.push(rest);
    this.#length += rest.length;
    if (this.#length > MAX_EVENT_LENGTH) {
      throw new StreamBrokenError('The provider sent an event that is too long');
    }
    return events;
  }

  /** Returns the event at the end of the stream, whose empty line is missing. */
  finish(): readonly StreamEvent[] {
    const rest = this.#takeParts();
    return rest.trim() === '' ? [] : [readEvent(`${rest}\n\n`)];
  }

  #takeParts(): string {
    const text = this.#parts.join('');
    this.#parts = [];
    this.#length = 0;
    return text;
  }

  /** Removes the end of the parts and returns it. It can be the beginning of the end of the event. */
  #takeTail(): string {
    let tail = '';
    while (tail.length < OVERLAP && this.#parts.length > 0) tail = (this.#parts.pop() ?? '') + tail;
    const kept = tail.slice(0, -OVERLAP);
    this.#length -= tail.length - kept.length;
    if (kept !== '') this.#parts.push(kept);
    return tail.slice(kept.length);
  }
}

/** Reads the fields of an event (WHATWG HTML §9.2.6). A line that begins with a colon is a comment. */
function readEvent(raw: string): StreamEvent {
  const fields = raw.split(LINE).map((line) => {
    const colon = line.indexOf(':');
    if (colon === -1) return { name: line, value: '' };
    return { name: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /, '') };
  });
  const valuesOf = (wanted: string) => fields.flatMap(({ name, value }) => (name === wanted ? [value] : []));
  const data = valuesOf('data');
  return {
    raw,
    event: valuesOf('event').at(-1),
    ...(data.length === 0 ? {} : { data: data.join('\n') }),
  };
}

/** Returns the text of an event with different data. All other lines, for example `id` and comments, remain. */
export function withData({ raw }: StreamEvent, data: string): string {
  const lines = raw.split(LINE).slice(0, -2);
  const first = lines.findIndex(isData);
  const kept = lines.flatMap((line, index) => {
    if (index === first) return data.split(LINE).map((each) => `data: ${each}`);
    return isData(line) ? [] : [line];
  });
  return `${kept.join('\n')}\n\n`;
}

function isData(line: string): boolean {
  return /^data(?::|$)/.test(line);
}
