import { describeAiClients } from './describe-ai-client.js';

const ERRORS = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  429: 'RateLimitError',
  503: 'InternalServerError',
};

const path = '/v1/chat/completions';

describeAiClients([
  { name: 'openai 7, chat completions', program: 'openai-chat', path, errors: ERRORS },
  {
    ...{ name: 'openai 6, chat completions', program: 'openai-chat', path, errors: ERRORS },
    aliases: { openai: 'openai6' },
  },
]);
