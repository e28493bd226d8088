import type { FamilyState } from '../stores/family-store.js';
import type { Confirmation } from '../token/claims/confirmation.js';

/** Keys that the sender of a request has proven to hold. */
export interface ProvenSender {
  /** Thumbprint of the key of the DPoP proof (RFC 9449 §6.1). Absent if the request has no proof. */
  readonly jkt?: string;
  /** SHA-256 thumbprint of the client certificate, base64url (RFC 8705 §3.1). Absent if there is no certificate. */
  readonly certificate?: string;
}

/** Keys to which a family is bound. */
export type KeyBinding = Pick<FamilyState, 'jkt' | 'x5t'>;

/** Request whose sender is compared with the keys of a family. */
export interface KeyHolder {
  /** Whether the client is public (RFC 6749 §2.1): it sent no secret. */
  readonly isPublic: boolean;
  /**
   * Whether the request must prove the keys of the family. If false, the client has authenticated, and its refresh
   * tokens are bound to the client instead (RFC 9449 §5).
   *
   * @default `isPublic`
   */
  readonly mustProveKey?: boolean;
  /** @default {} (no key) */
  readonly sender?: ProvenSender;
}

/** Whether a request must prove the keys of a family and does not. */
export function lacksKey(
  binding: KeyBinding,
  { isPublic, mustProveKey = isPublic, sender }: KeyHolder,
): boolean {
  return mustProveKey && !holdsKeys(binding, sender);
}

/** Whether a sender holds all keys of a binding. */
export function holdsKeys(
  { jkt, x5t }: { readonly jkt?: string | undefined; readonly x5t?: string | undefined },
  sender: ProvenSender = {},
): boolean {
  return (jkt === undefined || jkt === sender.jkt) && (x5t === undefined || x5t === sender.certificate);
}

/** Return the keys of a family after a request. A family gains each kind of key once, and never changes or loses it. */
export function bindKeys(
  { jkt, x5t }: KeyBinding,
  { jkt: provenJkt, certificate }: ProvenSender = {},
): KeyBinding {
  const [boundJkt, boundX5t] = [jkt ?? provenJkt, x5t ?? certificate];
  return {
    ...(boundJkt === undefined ? {} : { jkt: boundJkt }),
    ...(boundX5t === undefined ? {} : { x5t: boundX5t }),
  };
}

/** Whether a family is bound to a key. */
export function isKeyBound({ jkt, x5t }: KeyBinding): boolean {
  return jkt !== undefined || x5t !== undefined;
}

/** Return the keys of a family as those of a sender. */
export function holderOf({ jkt, x5t }: KeyBinding): ProvenSender {
  return { ...(jkt === undefined ? {} : { jkt }), ...(x5t === undefined ? {} : { certificate: x5t }) };
}

/** Return the keys in a claim `cnf` as those of a sender. */
export function senderOf({ jkt, 'x5t#S256': x5t }: Confirmation = {}): ProvenSender {
  return { ...(jkt === undefined ? {} : { jkt }), ...(x5t === undefined ? {} : { certificate: x5t }) };
}

/** Return the claim `cnf` for the keys of a sender, or `undefined` if there are none (RFC 7800 §3.1). */
export function confirmationOf({ jkt, certificate }: ProvenSender = {}): Confirmation | undefined {
  if (jkt === undefined && certificate === undefined) return undefined;
  return {
    ...(jkt === undefined ? {} : { jkt }),
    ...(certificate === undefined ? {} : { 'x5t#S256': certificate }),
  };
}
