import { Counter, Histogram, type Registry } from 'prom-client';
import type { CompletionListener, CompletionRecord } from '../models/completion-record.js';
import { durationBuckets } from './duration-buckets.js';

const OUTCOMES: readonly CompletionRecord['outcome'][] = ['completed', 'client_left', 'refused', 'broken'];

/** Value of the label `model` for models that are not configured. Names from requests have unbounded cardinality. */
const OTHER = 'other';

/**
 * Creates a listener that counts requests to models and their tokens.
 *
 * @param modelNames returns the names of the configured models. Their series exist before the first request.
 */
export function countCompletions(registry: Registry, modelNames: () => Iterable<string>): CompletionListener {
  const registers = [registry];
  const completions = new Counter({
    name: 'gateway_completions_total',
    help: 'Requests to models, by outcome',
    labelNames: ['model', 'outcome'],
    registers,
    // Runs first at each scrape, because the metric is the first one with this label.
    collect() {
      for (const name of modelNames()) show(name);
    },
  });
  const durations = new Histogram({
    name: 'gateway_completion_duration_seconds',
    help: 'Time from a request to a model to the end of its response',
    labelNames: ['model'],
    buckets: durationBuckets(),
    registers,
  });
  const tokens = new Counter({
    name: 'gateway_model_tokens_total',
    help: 'Model tokens used, by kind (input or output)',
    labelNames: ['model', 'kind'],
    registers,
  });
  const partOfTokens = (name: string, help: string): Counter<'model'> =>
    new Counter({ name, help, labelNames: ['model'], registers });
  const cachedTokens = partOfTokens(
    'gateway_model_cached_tokens_total',
    'Input tokens that providers read from a cache; part of gateway_model_tokens_total',
  );
  const reasoningTokens = partOfTokens(
    'gateway_model_reasoning_tokens_total',
    'Output tokens for reasoning; part of gateway_model_tokens_total',
  );
  const shown = new Set<string>();
  const show = (model: string): void => {
    if (shown.has(model)) return;
    shown.add(model);
    for (const outcome of OUTCOMES) completions.inc({ model, outcome }, 0);
    for (const kind of ['input', 'output']) tokens.inc({ model, kind }, 0);
    for (const part of [cachedTokens, reasoningTokens]) part.inc({ model }, 0);
    durations.zero({ model });
  };
  show(OTHER);

  return ({ model: name, outcome, durationMs, ...usage }) => {
    if (!shown.has(name)) for (const configured of modelNames()) show(configured);
    const model = shown.has(name) ? name : OTHER;
    completions.inc({ model, outcome });
    durations.observe({ model }, durationMs / 1000);
    tokens.inc({ model, kind: 'input' }, usage.inputTokens);
    tokens.inc({ model, kind: 'output' }, usage.outputTokens);
    cachedTokens.inc({ model }, usage.cachedTokens ?? 0);
    reasoningTokens.inc({ model }, usage.reasoningTokens ?? 0);
  };
}
