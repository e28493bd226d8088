import { tool } from '@llamaindex/core/tools';
import { OpenAI } from '@llamaindex/openai';
import { gateway, tokens } from './gateway.mjs';
import { llm } from './llamaindex.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';
