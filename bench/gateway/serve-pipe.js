import { Agent, createServer, request } from 'node:http';

// A proxy that pipes requests and responses without reading them: the minimum for a second hop in Node.js.

const [origin = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });

const server = createServer((req, res) => {
  const { method, headers } = req;
  const forwarded = request(origin + req.url, { method, headers, agent }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  req.pipe(forwarded);
});
server.listen(0, '127.0.0.1', () => console.log(`pipe on http://127.0.0.1:${server.address().port}`));
