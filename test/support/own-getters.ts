/**
 * Returns the names of the getters of an object that its class does not define. V8 allocates such a getter in the old
 * generation. Collections of the young generation free neither the getter nor the request that it refers to.
 */
export function ownGettersOf(value: object): readonly string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(value))
    .filter(([, { get }]) => get !== undefined)
    .map(([name]) => name);
}
