import { TemporarilyUnavailableError } from 'passport-jwe';

/** Message of the cause of an outage. Throws if the request succeeds, or fails otherwise. */
export async function outageOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    if (error instanceof TemporarilyUnavailableError) return String(error.cause);
    throw error;
  }
  throw new Error('The request succeeded');
}
