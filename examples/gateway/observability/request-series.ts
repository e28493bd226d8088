/** Labels of a time series of requests. */
export interface RequestLabels {
  readonly route: string;
  readonly method: string;
  readonly status: string;
}

const STATUSES = ['200', '400', '401', '403', '429', '500', '503'];

/** Statuses by which the gateway reports failures of a provider. */
const PROVIDER_STATUSES = ['502', '504'];

const ROUTES: readonly (readonly [method: string, route: string])[] = [
  ['POST', '/oauth/token'],
  ['POST', '/oauth/revoke'],
  ['GET', '/documents'],
  ['POST', '/documents'],
  ['GET', '/sessions/'],
  ['DELETE', '/sessions/:sessionId'],
  ['GET', '/v1/models'],
  ['GET', '/v1/models/:id'],
];

const MODEL_ROUTES = [
  ...['/v1/chat/completions', '/v1/responses', '/v1/embeddings', '/v1/messages'],
  '/v1/messages/count_tokens',
];

/** Routes of requests that the gateway rejects before a route matches: those without a valid token, for example. */
const AREAS = ['/v1', '/documents', '/admin', '/sessions', '/proxy', '/oauth', 'other'];

/** Returns the labels of the requests that clients of the gateway send, with the statuses that alerts evaluate. */
export function requestSeries(): readonly RequestLabels[] {
  return [
    ...ROUTES.flatMap(([method, route]) => STATUSES.map((status) => ({ route, method, status }))),
    ...MODEL_ROUTES.flatMap((route) =>
      [...STATUSES, ...PROVIDER_STATUSES].map((status) => ({ route, method: 'POST', status })),
    ),
    ...AREAS.flatMap((route) =>
      ['GET', 'POST'].flatMap((method) =>
        ['401', '404', '500', '502', '503', '504'].map((status) => ({ route, method, status })),
      ),
    ),
  ];
}
