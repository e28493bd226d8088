import { handler } from '../serverless-express.mjs';
import { drive } from './drive.mjs';

/** Event of an API Gateway REST API (payload format 1.0), with all values of repeated headers. */
function toEvent({ method, path, headers, body }) {
  const fields = Object.entries(headers).map(([name, values]) => [name, [values].flat()]);
  return {
    httpMethod: method,
    path,
    resource: '/{proxy+}',
    headers: Object.fromEntries(fields.map(([name, values]) => [name, values.at(-1)])),
    multiValueHeaders: Object.fromEntries(fields),
    requestContext: { identity: { sourceIp: '203.0.113.7' } },
    ...(body === undefined ? {} : { body: Buffer.from(body).toString('base64'), isBase64Encoded: true }),
  };
}

await drive(async (request) => {
  const { statusCode: status, multiValueHeaders, body } = await handler(toEvent(request), {});
  const headers = Object.fromEntries(
    Object.entries(multiValueHeaders).map(([name, [value]]) => [name, value]),
  );
  return { status, headers, body };
});
