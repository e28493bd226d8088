/** What a test asks a client to do. */
export interface ClientInput {
  readonly prompt: string;
  /** Model to use instead of the model of the page. */
  readonly model?: string;
}

/** What a client can do. Each function uses the client of the page. */
export interface Behaviours {
  /** Returns a complete response. */
  text(input: ClientInput): Promise<string>;
  /** Returns the deltas of a stream. */
  stream(input: ClientInput): Promise<readonly string[]>;
  /** Runs the tool that the model asks for, and returns the last response. */
  tools(input: ClientInput): Promise<ToolOutcome>;
  /** Does the same with streams. */
  streamedTools(input: ClientInput): Promise<ToolOutcome>;
  /** Asks with a token that is never renewed. */
  textWith(token: string): Promise<string>;
  /** Aborts a stream after its first delta. */
  abort(input: ClientInput): Promise<AbortOutcome>;
  /** Returns the embedding of a string. */
  embed?(input: ClientInput): Promise<readonly number[]>;
}

export interface ToolOutcome {
  readonly text: string;
  /** Inputs of the tool `get_weather`, in order. */
  readonly inputs: readonly unknown[];
}

export interface AbortOutcome {
  readonly delta: string;
  /** Time of the abort in milliseconds. */
  readonly abortedAt: number;
}

/** Failure as the program sees it. */
export interface SeenFailure {
  readonly name: string;
  readonly status: number | undefined;
  readonly message: string;
}

/** Executes the behaviours that the parent process asks for. */
export function serveBehaviours(behaviours: Behaviours, getToken: () => Promise<string>): void {
  const known: ReadonlyMap<string, (input: never) => Promise<unknown>> = new Map(
    Object.entries({ ...behaviours, token: getToken }),
  );
  process.on('message', async ({ behaviour, input }: { behaviour: string; input: never }) => {
    try {
      process.send?.({ value: await known.get(behaviour)?.(input) });
    } catch (error) {
      process.send?.({ failure: describeFailure(error) });
    }
  });
  process.send?.({ value: 'ready' });
}

function describeFailure(error: unknown): SeenFailure {
  if (!(error instanceof Error)) return { name: typeof error, status: undefined, message: String(error) };
  // The AI SDK wraps the last of several attempts.
  const last: unknown = Reflect.get(error, 'lastError');
  if (last instanceof Error) return { ...describeFailure(last), name: `${error.name} of ${last.name}` };
  const status: unknown = Reflect.get(error, 'status') ?? Reflect.get(error, 'statusCode');
  return {
    name: error.name === 'Error' ? error.constructor.name : error.name,
    status: typeof status === 'number' ? status : undefined,
    message: error.message,
  };
}

/** Result of the tool `get_weather`. */
export const WEATHER = { celsius: 11, sky: 'overcast' };
