import { describeAiClients } from './describe-ai-client.js';

const path = '/v1/responses';

describeAiClients([
  {
    ...{ name: '@openai/agents', program: 'openai-agents', path },
    errors: {
      400: 'BadRequestError',
      401: 'AuthenticationError',
      403: 'PermissionDeniedError',
      429: 'RateLimitError',
      503: 'InternalServerError',
    },
  },
  {
    ...{ name: 'Mastra', program: 'mastra-agent', path },
    errors: {
      400: 'AI_APICallError',
      401: 'AI_APICallError',
      403: 'AI_APICallError',
      429: 'AI_APICallError',
      503: 'AI_APICallError',
    },
  },
]);
