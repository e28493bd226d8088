import type { IncomingMessage } from 'node:http';
import { createRequestSlot } from '../../http/request-slot.js';
import type { ReplayStore, ReplayVerdict } from '../../stores/replay-store.js';

/**
 * State of the proof of one request. The request is one use of the proof, although several verifiers can check the request,
 * and a verifier can check it again during a long connection.
 */
export interface ProofState {
  /** Value of the header `DPoP`. */
  readonly field: string;
  /** Verdict of each store that has recorded the use. */
  readonly verdicts: Map<ReplayStore, ReplayVerdict | Promise<ReplayVerdict>>;
  /** Verifiers that have confirmed the proof. They do not check its age and nonce again. */
  readonly confirmedBy: Set<object>;
}

const stateSlot = createRequestSlot<ProofState>();

/** Return the state of the proof of a request. The state of a new proof is empty. */
export function proofStateOf(req: IncomingMessage, field: string): ProofState {
  const known = stateSlot.read(req);
  if (known?.field === field) return known;
  const state: ProofState = { field, verdicts: new Map(), confirmedBy: new Set() };
  stateSlot.fill(req, state);
  return state;
}
