import { handler } from '../serverless-http.mjs';
import { drive } from './drive.mjs';

const CONTEXT = { http: { sourceIp: '203.0.113.7' } };

/** Event of an API Gateway HTTP API (payload format 2.0), which joins the values of repeated headers. */
function toEvent({ method, path, headers, body }) {
  const fields = Object.entries(headers).map(([name, values]) => [name, [values].flat().join(',')]);
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: Object.fromEntries(fields),
    requestContext: { http: { ...CONTEXT.http, method, path } },
    ...(body === undefined ? {} : { body: Buffer.from(body).toString('base64'), isBase64Encoded: true }),
  };
}

await drive(async (request) => {
  const { statusCode: status, headers, body } = await handler(toEvent(request), {});
  return { status, headers, body };
});
