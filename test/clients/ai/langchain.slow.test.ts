import { describeAiClients } from './describe-ai-client.js';

const client = {
  program: 'langchain-openai',
  errors: {
    400: 'BadRequestError',
    401: 'AuthenticationError',
    403: 'PermissionDeniedError',
    429: 'RateLimitCapacityError',
    503: 'InternalServerError',
  },
  // LangChain ignores `x-should-retry`, and retries for more than a minute.
  callsIfOverloaded: undefined,
};

describeAiClients([{ name: '@langchain/openai, chat completions', path: '/v1/chat/completions', ...client }]);
