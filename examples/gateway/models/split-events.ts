import { StreamBrokenError, type StreamEvent } from './wire-format.js';

/** Maximum length of an event. Providers send shorter events. */
const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

/** End of an event: two line ends, each of them CRLF, LF or CR. A CR at the end of the input may precede an LF. */
const END_OF_EVENT = /(?:\r\n|\n|\r(?!\n|$)){2}/g;
const LINE = /\r\n|\n|\r/;

/** Splits a stream into server-sent events, and keeps the text of each event, including comments. */
export class EventSplitter {
  #text = '';

  /**
   * Returns the events that the text completes.
   *
   * @throws StreamBrokenError if an event is too long.
   */
  push(text: string): readonly StreamEvent[] {
    const events: StreamEvent[] = [];
    // The end of an event has up to four characters, of which three can be in the previous text.
    END_OF_EVENT.lastIndex = Math.max(0, this.#text.length - 3);
    const all = this.#text + text;
    let start = 0;
    for (let end = END_OF_EVENT.exec(all); end !== null; end = END_OF_EVENT.exec(all)) {
      events.push(readEvent(all.slice(start, END_OF_EVENT.lastIndex)));
      start = END_OF_EVENT.lastIndex;
    }
    this.#text = all.slice(start);
    if (this.#text.length > MAX_EVENT_LENGTH) {
      throw new StreamBrokenError('The provider sent an event that is too long');
    }
    return events;
  }

  /** Returns the event at the end of the stream, whose empty line is missing. */
  finish(): readonly StreamEvent[] {
    const rest = this.#text;
    this.#text = '';
    return rest.trim() === '' ? [] : [readEvent(`${rest}\n\n`)];
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
    if (index === first) return [`data: ${data}`];
    return isData(line) ? [] : [line];
  });
  return `${kept.join('\n')}\n\n`;
}

function isData(line: string): boolean {
  return /^data(?::|$)/.test(line);
}
