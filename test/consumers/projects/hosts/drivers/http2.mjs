import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import '../http2.mjs';
import { drive } from './drive.mjs';

const session = connect(`https://127.0.0.1:${process.env.PORT}`, { ca: readFileSync('cert.pem') });

/** Requests without `Content-Length`. The client of Node.js cannot repeat `Authorization`, so the values are joined. */
await drive(async ({ method, path, headers, body }) => {
  const { authorization = [], ...others } = headers;
  const credentials = authorization.length === 0 ? {} : { authorization: authorization.join(', ') };
  const fields = { ':method': method, ':path': path, ...others, ...credentials };
  const stream = session.request(fields, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [{ ':status': status, ...received }] = await once(stream, 'response');
  const chunks = await stream.toArray();
  return { status, headers: received, body: Buffer.concat(chunks).toString() };
});
process.exit();
