import { coversEntry, mergeEntries, type RevocationEntry } from '../revocation-store.js';

/** Entries that Redis has accepted from this process, but that the replica has not yet read from the log. */
export class UnloggedEntries {
  readonly #acceptedAtMs = new Map<RevocationEntry, number>();

  add(entry: RevocationEntry, acceptedAtMs: number): void {
    this.#acceptedAtMs.set(entry, acceptedAtMs);
  }

  hasName(name: string): boolean {
    return [...this.#acceptedAtMs.keys()].some((entry) => entry.name === name);
  }

  /** Remove the entries that the log covers. A logged entry with an earlier cut-off does not cover a later one. */
  forgetLogged(logged: readonly RevocationEntry[]): void {
    if (this.#acceptedAtMs.size === 0) return;
    const byName = new Map<string, RevocationEntry>();
    for (const entry of logged) byName.set(entry.name, mergeEntries(byName.get(entry.name), entry));
    for (const entry of this.#acceptedAtMs.keys()) {
      if (coversEntry(byName.get(entry.name), entry)) this.#acceptedAtMs.delete(entry);
    }
  }

  /** Remove and return the entries that Redis accepted before a time. */
  takeAcceptedBefore(timeMs: number): readonly RevocationEntry[] {
    const taken = [...this.#acceptedAtMs].filter(([, acceptedAtMs]) => acceptedAtMs < timeMs);
    for (const [entry] of taken) this.#acceptedAtMs.delete(entry);
    return taken.map(([entry]) => entry);
  }
}
