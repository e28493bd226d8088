import { isPrintableVariable } from '../base/printable-name.js';
import type { DocumentFault } from './document-fault.js';
import { digestText, type FileReading, fileProblem, type ProblemAt } from './file-reading.js';
import { formatPath } from './format-path.js';
import { type Environment, interpolate, type WrappedVariable } from './interpolate.js';
import { parseYaml } from './parse-yaml.js';
import { validateApiKey } from './validate-api-key.js';

/** Parse and validate the text of one API key file, and resolve its environment variables. */
export function readApiKeyText(file: string, text: string, environment: Environment): FileReading {
  const yaml = parseYaml(text);
  if (!yaml.ok) return fileProblem(file, yaml.fault.position, yaml.fault.message, text);

  const problemAt: ProblemAt = ({ path, message }) => ({
    file,
    ...yaml.positionOf(path),
    path: formatPath(path),
    message,
  });
  const { document, faults, wrapped } = interpolate(yaml.document, environment);
  const validation = validateApiKey(document, [...yaml.faults, ...faults]);
  if (!validation.ok) {
    const problems = validation.faults.map(problemAt);
    return { ok: false, problems, fingerprint: digestText(JSON.stringify([text, problems])) };
  }
  const warnings = [...validation.warnings, ...wrapped.map(describeWrapped)].map(problemAt);
  return {
    ok: true,
    key: validation.key,
    warnings,
    isWeak: validation.warnings.length > 0,
    wrappedVariables: wrapped.map(({ name }) => name).filter(isPrintableVariable),
    problemAt,
    fingerprint: digestText(JSON.stringify(document)),
  };
}

function describeWrapped({ path, name }: WrappedVariable): DocumentFault {
  const variable = isPrintableVariable(name) ? `the environment variable ${name}` : 'an environment variable';
  return {
    path,
    message: `${variable} has quotes or white space around its value: remove them, because they become part of the value`,
  };
}
