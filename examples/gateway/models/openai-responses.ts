import type { ModelConfiguration } from 'passport-jwe/api-keys';
import { z } from 'zod';
import type { JsonChange, JsonChanges } from '../json/edit-json.js';
import { estimateInput } from './estimate-input.js';
import { RESPONSES_MEMBERS } from './known-members.js';
import { isUnset, listOf, modelName, objectsIn, readBody, tokenCount } from './read-body.js';
import { secretsOf } from './redact-secrets.js';
import { ResponseMeter, readResponseUsage } from './response-meter.js';
import { namesOfCalls, namesOfChoice, namesOfTools, toolChoice, toolList } from './tool-names.js';
import { formatEvent, type ModelRequest, type WireFormat } from './wire-format.js';

const MAX_ITEMS = 100_000;

const itemSchema = z.looseObject({ type: z.string().nullish(), name: z.unknown().optional() });

/** A union of schemas would report each entry of a long list several times. */
const itemList = listOf(itemSchema, MAX_ITEMS);

const responsesSchema = z.object({
  model: modelName,
  input: z
    .unknown()
    .optional()
    .transform((input, context) => {
      if (typeof input === 'string' || isUnset(input)) return input;
      const { data, error } = itemList.safeParse(input);
      if (data !== undefined) return data;
      for (const { path, message } of error.issues) context.addIssue({ code: 'custom', path, message });
      return z.NEVER;
    }),
  instructions: z.unknown().optional(),
  stream: z.boolean().nullish(),
  background: z
    .boolean()
    .nullish()
    .refine(
      (isBackground) => isBackground !== true,
      'must be false, because the gateway returns no stored responses: stream long responses instead',
    ),
  max_output_tokens: tokenCount.nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  tools: toolList,
  tool_choice: toolChoice,
  text: z.unknown().optional(),
  reasoning: z.unknown().optional(),
});

type ResponsesBody = z.output<typeof responsesSchema>;

/** Settings of a request. Without the input and unknown members, which then occupy no memory while the provider responds. */
type ResponsesSettings = Pick<ResponsesBody, 'max_output_tokens' | 'temperature' | 'top_p'> & {
  readonly isReasoning: boolean;
};

/** Wire format of OpenAI's Responses API. */
export const openaiResponses: WireFormat<ModelRequest> = {
  route: '/v1/responses',
  endpointSuffix: '/responses',
  members: RESPONSES_MEMBERS,
  forwardedHeaders: [],
  authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),

  read(body) {
    const { model, stream, input, instructions, tools, text, reasoning, ...others } = readBody(
      responsesSchema,
      body,
    );
    const { tool_choice: choice, max_output_tokens, temperature, top_p } = others;
    const settings = { max_output_tokens, temperature, top_p, isReasoning: !isUnset(reasoning) };
    return {
      model,
      isStream: stream === true,
      toolNames: [...namesOfTools(tools), ...namesOfChoice(choice), ...namesOfCalls(input)],
      inputEstimate: estimateInput(input, instructions, tools, text),
      maxOutput: ({ explicit, maxTokens }) => limitOf(settings, explicit.maxTokens) ?? maxTokens,
      changesFor: (configuration) => changesFor(settings, configuration),
    };
  },

  usageOf: ({ usage }) => readResponseUsage(usage),
  textsOf: ({ output }) => textsOfOutput(output),
  meter: (_request, endpoint, inputTokens) => new ResponseMeter(inputTokens, secretsOf(endpoint)),
  // Some clients require a sequence number. The event is not part of the sequence of the provider.
  breakEvent: (body) =>
    formatEvent({ event: 'error', data: JSON.stringify({ ...body, sequence_number: 0 }) }),
};

/** Returns the texts that the model generated, including reasoning and calls of tools. */
function textsOfOutput(output: unknown): readonly unknown[] {
  return objectsIn(output).flatMap((item) => [
    ...['name', 'arguments', 'input', 'code'].map((name) => item[name]),
    ...['content', 'summary']
      .flatMap((name) => objectsIn(item[name]))
      .flatMap(({ text, refusal }) => [text, refusal]),
  ]);
}

/** Returns the smaller limit of the output, or `undefined` if neither the file nor the request sets one. */
function limitOf(
  { max_output_tokens: requested }: ResponsesSettings,
  maxTokens: number | undefined,
): number | undefined {
  const limits = [requested, maxTokens].filter((limit) => typeof limit === 'number');
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** Returns the changes that the configuration of the model requires. Without any, the body passes unchanged. */
function changesFor(settings: ResponsesSettings, { explicit }: ModelConfiguration): JsonChanges {
  const { max_output_tokens: requested, temperature, top_p: topP, isReasoning } = settings;
  const changes = new Map<string, JsonChange>();
  const limit = limitOf(settings, explicit.maxTokens);
  if (limit !== undefined && limit !== requested) {
    changes.set('max_output_tokens', { kind: 'set', value: limit });
  }
  // Reasoning models reject a temperature, and some models reject it beside `top_p`.
  const isFree = !isReasoning && isUnset(temperature) && isUnset(topP);
  if (explicit.temperature !== undefined && isFree) {
    changes.set('temperature', { kind: 'set', value: explicit.temperature });
  }
  return changes;
}
