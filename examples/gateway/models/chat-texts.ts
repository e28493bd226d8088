import type { JsonObject } from 'passport-jwe';
import { objectsIn } from './read-body.js';

/** Returns the `message` or the `delta` of each choice in an answer of an OpenAI chat. */
export function messagesIn(choices: unknown, name: 'message' | 'delta'): readonly JsonObject[] {
  return objectsIn(choices).flatMap((choice) => objectsIn([choice[name]]));
}

/** Returns the texts that the model generated in a message or a delta, including tool calls and reasoning. */
export function textsOfMessage(message: JsonObject): readonly unknown[] {
  const calls = objectsIn(message['tool_calls']).flatMap((call) => [call['function'], call['custom']]);
  return [
    ...[message['content'], message['refusal'], message['reasoning_content'], message['reasoning']],
    ...objectsIn(message['content']).map(({ text }) => text),
    ...objectsIn([...calls, message['function_call']]).flatMap((call) => [
      ...[call['name'], call['arguments'], call['input']],
    ]),
    ...objectsIn([message['audio']]).map(({ transcript }) => transcript),
  ];
}
