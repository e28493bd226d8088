/** Error message of a schema that distinguishes a missing field from a value of the wrong type. */
export function orMissing(message: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => (input === undefined ? 'is required' : message);
}
