import { describeAiClients } from './describe-ai-client.js';
import { OPENAI_ERRORS } from './openai-errors.js';

const vercel = {
  program: 'vercel-ai',
  errors: {
    400: 'AI_APICallError',
    401: 'AI_APICallError',
    403: 'AI_APICallError',
    429: 'AI_RetryError of AI_APICallError',
    503: 'AI_RetryError of AI_APICallError',
  },
  // The library ignores `x-should-retry`, and sends each request three times.
  callsIfLimited: 3,
  callsIfOverloaded: 5,
};

const langchain = {
  program: 'langchain-openai',
  errors: { ...OPENAI_ERRORS, 429: 'RateLimitCapacityError' },
  // The library ignores `x-should-retry`, and retries for more than a minute.
  callsIfOverloaded: undefined,
};

const CHAT = '/v1/chat/completions';
const RESPONSES = '/v1/responses';

describeAiClients([
  { name: 'ai 7, its default', path: RESPONSES, ...vercel },
  { name: 'ai 7, chat completions', path: CHAT, ...vercel, environment: { USE_CHAT: '1' } },
  { name: '@langchain/openai, its default', path: CHAT, ...langchain },
  {
    ...{ name: '@langchain/openai, responses', path: RESPONSES, ...langchain },
    environment: { USE_RESPONSES: '1' },
  },
]);
