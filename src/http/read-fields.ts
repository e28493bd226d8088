/** Request headers, as Node.js, adapters of other hosts, mocks and middleware represent them. */
export interface FieldSource {
  /** Headers that the application reads and changes. An adapter can supply arrays or numbers as values. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Headers as received, names and values in turn. Adapters and mocks can omit this member or leave it empty. */
  readonly rawHeaders?: readonly string[];
  readonly headersDistinct?: Readonly<Record<string, readonly string[] | undefined>>;
}

/**
 * Return all values of a header, as the application sees it: a value that middleware or an adapter has set or deleted
 * wins over the received header. If `headers` contains only one of several received values, or joins them, return all
 * received values, so that the caller can reject repeated credentials.
 *
 * @param name header name in lower case
 */
export function readFields(req: FieldSource, name: string): readonly string[] {
  const seen = listSeen(req.headers, name);
  const [value, ...others] = seen;
  if (value === undefined || others.length > 0) return seen;
  const received = listReceived(req, name);
  if (received.length > 1 && isDerived(value, received)) return received;
  return name === 'authorization' && value.includes(',') ? splitCredentials(value) : seen;
}

/** Return the values in `headers`. Mocks can spell the name in any case. */
function listSeen(headers: FieldSource['headers'], name: string): readonly string[] {
  const value = headers[name];
  if (typeof value === 'string') return [value];
  if (value !== undefined) return listStrings(value);
  return Object.keys(headers)
    .filter((key) => key !== name && key.length === name.length && key.toLowerCase() === name)
    .flatMap((key) => listStrings(headers[key]));
}

function listStrings(value: unknown): readonly string[] {
  return [value].flat().filter((each) => typeof each === 'string');
}

/** Return the received values of a header. Node.js parses all headers for `headersDistinct`, so prefer `rawHeaders`. */
function listReceived(req: FieldSource, name: string): readonly string[] {
  return req.rawHeaders?.length ? listRaw(req.rawHeaders, name) : (req.headersDistinct?.[name] ?? []);
}

function listRaw(rawHeaders: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [field = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (field.length === name.length && field.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** Whether a value is one of the received values, or joins them as Node.js does. */
function isDerived(value: string, received: readonly string[]): boolean {
  return received.includes(value) || [', ', '; '].some((separator) => received.join(separator) === value);
}

/** Comma before the scheme of further credentials. A comma before a parameter precedes a name and `=`. */
const NEXT_CREDENTIALS = /,[ \t]*(?=[!#$%&'*+.^_`|~0-9A-Za-z-]+ +[^\s,=])/;

/** The closing quote is optional: otherwise, the time for unclosed quotes would be quadratic. */
const QUOTED_STRINGS = /"(?:[^"\\]|\\.)*"?/g;

/** Split credentials that an adapter or proxy has joined by commas (RFC 9110 §5.3). */
function splitCredentials(authorization: string): readonly string[] {
  const credentials = authorization.replaceAll(QUOTED_STRINGS, '""').split(NEXT_CREDENTIALS);
  return credentials.length > 1 ? credentials : [authorization];
}
