/** Message of a schema: tells a field that is not there apart from one of the wrong kind. */
export function orMissing(message: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) => (input === undefined ? 'is required' : message);
}
