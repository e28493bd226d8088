import { describeAiClients } from './describe-ai-client.js';
import { OPENAI_ERRORS as errors } from './openai-errors.js';

const chat = { program: 'openai-chat', path: '/v1/chat/completions', errors };
const responses = { program: 'openai-responses', path: '/v1/responses', errors };
const aliases = { openai: 'openai6' };

describeAiClients([
  { name: 'openai 7, chat completions', ...chat, embeds: true },
  { name: 'openai 7, responses', ...responses },
  { name: 'openai 6, chat completions', ...chat, aliases, embeds: true },
  { name: 'openai 6, responses', ...responses, aliases },
  { ...chat, name: '@llamaindex/openai', program: 'llamaindex-openai' },
  { ...chat, name: '@instructor-ai/instructor', program: 'instructor-openai' },
]);
