/** Create an error message for a schema: `is required` for a missing field, otherwise `message`. */
export function orMissing(message: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => (input === undefined ? 'is required' : message);
}
