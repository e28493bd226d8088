import { createServer } from 'node:http';

// A provider that answers each chat request with the same text, whole or as a stream. Run it in a separate process.

const TEXT = 'The capital of France is Paris. It has about two million inhabitants.';
const CHAT = { id: 'chatcmpl-1', created: 1_790_000_000, model: 'small-1' };
const USAGE = { prompt_tokens: 24, completion_tokens: 16, total_tokens: 40 };

const ANSWER = JSON.stringify({
  ...{ ...CHAT, object: 'chat.completion', usage: USAGE },
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
});

const EVENTS = [
  ...TEXT.split(/(?<= )/).map((content) => toChunk({ delta: { content }, finish_reason: null })),
  toChunk({ delta: {}, finish_reason: 'stop' }),
  '[DONE]',
].map((data) => `data: ${data}\n\n`);

/** @param {object} choice */
function toChunk(choice) {
  return JSON.stringify({ ...CHAT, object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }] });
}

const server = createServer((req, res) => {
  req.resume().once('end', () => {
    if (req.headers.accept !== 'text/event-stream') {
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length }).end(ANSWER);
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of EVENTS) res.write(event);
    res.end();
  });
});
// Providers keep idle connections longer than the default of Node.js, 5 seconds.
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => console.log(`provider on http://127.0.0.1:${server.address().port}`));
