/**
 * Create a reporter that emits a process warning. The warning contains only the class name of the error, because an
 * error message could contain a secret.
 *
 * @param what description of the failure, for example `A key ring listener failed`.
 * @param code code of the warning.
 */
export function warnOfFailure(what: string, code: `PASSPORT_JWE_${string}`): (fault: unknown) => void {
  return (fault) => {
    const name = fault instanceof Error ? fault.name : typeof fault;
    process.emitWarning(`${what} (${name})`, { code });
  };
}
