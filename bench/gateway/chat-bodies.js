const SYSTEM = 'You answer questions about geography. Keep each answer short, and name your sources.';
const QUESTION = 'What is the capital of France, and how many people live there?';

const TEN_MB = 10_000_000;

/** A message of a conversation, of 2 KB, with line ends, quotes and characters beyond ASCII. */
const LONG_TEXT = `"${QUESTION}"\n– ${SYSTEM}\n`.repeat(12);

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

/** A long conversation, for example with tool results. */
export function longChat() {
  const count = Math.ceil(TEN_MB / JSON.stringify(LONG_TEXT).length);
  const messages = Array.from({ length: count }, (_, index) => ({
    ...{ role: index % 2 === 0 ? 'user' : 'assistant', content: LONG_TEXT },
  }));
  return encode({ messages });
}

/** @param {object} members */
function encode(members) {
  return Buffer.from(JSON.stringify({ model: 'small-1', ...members }));
}
