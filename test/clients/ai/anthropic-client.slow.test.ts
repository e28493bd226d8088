import { describeAiClients } from './describe-ai-client.js';

describeAiClients([
  {
    ...{ name: '@anthropic-ai/sdk', program: 'anthropic-messages', path: '/v1/messages' },
    errors: {
      400: 'BadRequestError',
      401: 'AuthenticationError',
      403: 'PermissionDeniedError',
      429: 'RateLimitError',
      503: 'ServiceUnavailableError',
    },
  },
]);
