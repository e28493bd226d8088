import type { DocumentPath } from './format-path.js';

/** Fault in a YAML document, and the path of the faulty node. */
export interface DocumentFault {
  readonly path: DocumentPath;
  readonly message: string;
}
