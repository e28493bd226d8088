import {
  type RecordingUpstream,
  replyJson,
  startRecordingUpstream,
  type UpstreamReply,
} from '../../support/recording-upstream.js';
import { chatAnswer } from './answers/chat-answer.js';
import { embeddingsAnswer } from './answers/embeddings-answer.js';
import { messagesAnswer } from './answers/messages-answer.js';
import {
  type AskedModel,
  type ModelAnswer,
  type ModelTurn,
  type ProviderError,
  SERVED,
  type SpokenTurn,
} from './answers/model-turn.js';
import { responsesAnswer } from './answers/responses-answer.js';

/** Provider on a real socket that records requests, and answers in the format of their path. */
export interface ModelProvider extends Pick<RecordingUpstream, 'origin' | 'requests' | 'close'> {
  /** Sets the turns of the model, one for each request. Forgets earlier requests. */
  play(...turns: readonly ModelTurn[]): void;
  /** Resolves with the time at which the connection of a held turn closed, in milliseconds. */
  untilLeft(): Promise<number>;
}

const ANSWERS: ReadonlyMap<string, (turn: SpokenTurn, asked: AskedModel) => ModelAnswer> = new Map([
  ['/v1/chat/completions', chatAnswer],
  ['/v1/responses', responsesAnswer],
  ['/v1/messages', messagesAnswer],
  ['/v1/embeddings', embeddingsAnswer],
  ['/v1/messages/count_tokens', () => ({ whole: { input_tokens: SERVED.input }, content: [], ending: [] })],
]);

export async function startModelProvider(): Promise<ModelProvider> {
  const upstream = await startRecordingUpstream();
  let left = awaitTime();

  const reply =
    (turn: ModelTurn): UpstreamReply =>
    (res, req) => {
      const request = upstream.requests.at(-1);
      const path = (request?.path ?? '').replace(/\?.*/, '');
      if (turn.kind === 'error') return replyJson(errorBody(path, turn), turn.status, turn.headers)(res, req);
      const render = ANSWERS.get(path);
      if (render === undefined) return void res.writeHead(404).end();
      const asked: AskedModel = JSON.parse(request?.body ?? '');
      const { whole, content, ending } = render(turn, asked);
      const isHeld = turn.kind === 'held';
      if (isHeld) res.once('close', () => left.note());
      if (asked.stream !== true) {
        if (!isHeld) replyJson(whole)(res, req);
        return;
      }
      res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      for (const event of isHeld ? content : [...content, ...ending]) res.write(event);
      if (!isHeld) res.end();
    };

  return {
    origin: upstream.origin,
    requests: upstream.requests,
    play(...turns) {
      left = awaitTime();
      upstream.answer(...turns.map(reply));
    },
    untilLeft: () => left.noted,
    close: () => upstream.close(),
  };
}

/** Promise for the time of an event. */
function awaitTime() {
  let note = (): void => undefined;
  const noted = new Promise<number>((resolve) => {
    note = () => resolve(Date.now());
  });
  return { noted, note: () => note() };
}

/** Error in the format of OpenAI or Anthropic. */
function errorBody(path: string, { status, type, message }: ProviderError): object {
  if (path === '/v1/messages') return { type: 'error', error: { type, message }, request_id: 'req_01' };
  return { error: { message, type, param: null, code: status === 429 ? 'rate_limit_exceeded' : null } };
}
