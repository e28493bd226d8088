const SYSTEM = 'You answer questions about geography. Keep each answer short, and name your sources.';
const QUESTION = 'Name the capital of France, and the number of its inhabitants.';

const TEN_MB = 10_000_000;

/** Text of a message of 2 KB, with line ends and quotes. */
const LONG_TEXT = `"${QUESTION}"\n- ${SYSTEM}\n`.repeat(12);

/** @param {boolean} isStream */
export function smallChat(isStream) {
  const messages = [
    { role: 'system', content: SYSTEM },
    { role: 'user', content: QUESTION },
  ];
  return encode({ messages, max_tokens: 256, temperature: 0.2, ...(isStream ? { stream: true } : {}) });
}

/** A question about an image, as one string of base64. */
export function imageChat() {
  const url = `data:image/png;base64,${'iVBORw0KGgo+/9Az'.repeat(TEN_MB / 16)}`;
  const content = [
    { type: 'text', text: QUESTION },
    { type: 'image_url', image_url: { url } },
  ];
  return encode({ messages: [{ role: 'user', content }] });
}

/**
 * A long conversation, for example with tool results.
 * @param {{ isAscii: boolean }} options `isAscii: false` adds a character beyond ASCII to each message.
 */
export function longChat({ isAscii }) {
  const content = isAscii ? LONG_TEXT : `${LONG_TEXT}\u2013`;
  const count = Math.ceil(TEN_MB / JSON.stringify(content).length);
  const messages = Array.from({ length: count }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content,
  }));
  return encode({ messages });
}

/** @param {object} members */
function encode(members) {
  return Buffer.from(JSON.stringify({ model: 'small-1', ...members }));
}
