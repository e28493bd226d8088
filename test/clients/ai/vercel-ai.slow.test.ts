import { describeAiClients } from './describe-ai-client.js';

const client = {
  program: 'vercel-ai',
  errors: {
    400: 'AI_APICallError',
    401: 'AI_APICallError',
    403: 'AI_APICallError',
    429: 'AI_RetryError of AI_APICallError',
    503: 'AI_RetryError of AI_APICallError',
  },
  // The AI SDK ignores `x-should-retry`.
  callsIfLimited: 3,
  callsIfOverloaded: 9,
};

describeAiClients([
  { name: 'ai 7, chat completions', path: '/v1/chat/completions', ...client, environment: { USE_CHAT: '1' } },
]);
