import { once } from 'node:events';
import { connect } from 'node:net';
import '../server.mjs';
import { drive } from './drive.mjs';

const LINE = '\r\n';
const EMPTY_LINE = LINE + LINE;

function serialize({ method, path, headers, body = '' }) {
  const fields = { host: 'localhost', connection: 'close', 'content-length': body.length, ...headers };
  const lines = Object.entries(fields).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}`),
  );
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join(LINE);
}

function parse(response) {
  const [head, body] = response.split(EMPTY_LINE);
  const [statusLine, ...lines] = head.split(LINE);
  const fields = lines.map((line) => /^(.*?): *(.*)$/.exec(line).slice(1));
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value])),
    body,
  };
}

/** Requests on a socket of their own: no HTTP client changes or joins their headers. */
await drive(async (request) => {
  const socket = connect(Number(process.env.PORT), '127.0.0.1');
  let response = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    response += chunk;
  });
  socket.write(serialize(request));
  await once(socket, 'close');
  return parse(response);
});
process.exit();
