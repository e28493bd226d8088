import { interimOutput, wordsUntilBreak } from './chaos-answers.js';
import { CHAOS_MAX_TOKENS, type ChaosPlan, estimatedInput, isGivenUp } from './chaos-plans.js';
import type { Served } from './chaos-provider.js';

/** Returns the documented charge of an exchange whose client waits for the end, in model tokens. */
export function chargeOf(plan: ChaosPlan): number {
  if (isGivenUp(plan)) return 0;
  switch (plan.kind) {
    case 'exact':
      return plan.input + plan.output;
    case 'estimated':
      return (
        estimatedInput(plan) + (plan.format === 'embeddings' ? 0 : Math.min(plan.words, CHAOS_MAX_TOKENS))
      );
    default:
      return chargeOfBroken(plan);
  }
}

/** Anthropic reports the input and one token of output at the start. OpenAI reports nothing before the end. */
function chargeOfBroken(plan: ChaosPlan): number {
  const words = Math.min(wordsUntilBreak(plan), CHAOS_MAX_TOKENS);
  if (plan.format === 'messages') return plan.input + (interimOutput(plan) ?? Math.max(1, words));
  return words === 0 ? 0 : estimatedInput(plan) + words;
}

/** Returns the smallest and the largest charge of an exchange whose client disconnects, by the ledger of the provider. */
export function boundsOf(
  plan: ChaosPlan,
  { calls, isProcessed, reported }: Served,
): readonly [number, number] {
  // A request on its way is charged, although its client can abort it before it arrives.
  if (!isProcessed) return [0, calls === 0 || !isGivenUp(plan) ? plan.input + CHAOS_MAX_TOKENS : 0];
  const output = plan.format === 'embeddings' ? 0 : Math.max(CHAOS_MAX_TOKENS, reported?.output ?? 0);
  return [plan.input, plan.input + output];
}
