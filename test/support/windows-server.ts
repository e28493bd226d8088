import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { BerReader, BerWriter, Control, PagedResultsControl, PresenceFilter, SearchRequest } from 'ldapts';

/** Attributes of an entry, as Active Directory sends them. */
export type RecordedEntry = readonly [
  dn: string,
  attributes: Readonly<Record<string, readonly (Buffer | string)[]>>,
];

/** A search as the server receives it. */
export interface ReceivedSearch {
  readonly baseDn: string;
  /** Filter in the notation of RFC 4515. */
  readonly filter: string;
  readonly attributes: readonly string[];
  readonly controls: readonly string[];
  /** Cookie of the page. `undefined` in a search without pages. */
  readonly cookie: string | undefined;
}

export interface SearchAnswer {
  readonly entries?: readonly RecordedEntry[];
  readonly references?: readonly string[];
  readonly code?: number;
  /** Cookie of the next page. */
  readonly cookie?: string;
}

export interface WindowsServerSettings {
  readonly search: (search: ReceivedSearch) => SearchAnswer;
  /** Diagnostic message of a rejected bind. `undefined` accepts it. */
  readonly bind?: (dn: string, password: string) => string | undefined;
}

/** LDAP server that replays recorded answers of Active Directory. */
export interface WindowsServer {
  readonly url: string;
  readonly searches: readonly ReceivedSearch[];
  close(): Promise<void>;
}

const OPERATIONS = { bind: 0x60, unbind: 0x42, search: 0x63 };
const RESPONSES = { bind: 0x61, entry: 0x64, done: 0x65, reference: 0x73 };
const CONTROLS = 0xa0;
const SET = 0x31;
const OCTETS = 0x04;
const PASSWORD = 0x80;
const INVALID_CREDENTIALS = 49;

export async function startWindowsServer({
  search,
  bind = () => undefined,
}: WindowsServerSettings): Promise<WindowsServer> {
  const searches: ReceivedSearch[] = [];
  const sockets = new Set<Socket>();

  const answer = (socket: Socket, message: Buffer): void => {
    const reader = new BerReader(message);
    reader.readSequence();
    const id = reader.readInt() ?? 0;
    const operation = reader.readSequence();
    if (operation === OPERATIONS.bind) {
      reader.readInt();
      const dn = reader.readString() ?? '';
      const diagnostic = bind(dn, reader.readString(PASSWORD) ?? '');
      socket.write(
        encodeResult(id, RESPONSES.bind, diagnostic === undefined ? 0 : INVALID_CREDENTIALS, diagnostic),
      );
    } else if (operation === OPERATIONS.search) {
      const received = readSearch(id, reader);
      searches.push(received);
      const { entries = [], references = [], code = 0, cookie = '' } = search(received);
      for (const entry of entries) socket.write(encodeEntry(id, entry));
      for (const reference of references) socket.write(encodeReference(id, reference));
      socket.write(
        encodeResult(id, RESPONSES.done, code, '', received.cookie === undefined ? undefined : cookie),
      );
    } else if (operation === OPERATIONS.unbind) socket.end();
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    let buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      buffer = Buffer.concat([buffer, data]);
      for (let size = sizeOf(buffer); size <= buffer.length; size = sizeOf(buffer)) {
        answer(socket, buffer.subarray(0, size));
        buffer = buffer.subarray(size);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port');
  return {
    url: `ldap://127.0.0.1:${address.port}`,
    searches,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Size of the first message of a buffer. Infinite if its header is incomplete. */
function sizeOf(buffer: Buffer): number {
  const length = buffer[1];
  if (length === undefined) return Infinity;
  if (length < 0x80) return 2 + length;
  const octets = length - 0x80;
  return buffer.length < 2 + octets ? Infinity : 2 + octets + buffer.readUIntBE(2, octets);
}

function readSearch(id: number, reader: BerReader): ReceivedSearch {
  const request = new SearchRequest({
    messageId: id,
    filter: new PresenceFilter({ attribute: 'objectClass' }),
  });
  request.parse(reader, [new Control('1.2.840.113556.1.4.1339')]);
  const controls = request.controls ?? [];
  const paged = controls.find((control) => control instanceof PagedResultsControl);
  return {
    baseDn: request.baseDN,
    filter: request.filter.toString(),
    attributes: request.attributes,
    controls: controls.map(({ type }) => type),
    cookie: paged && String(paged.value?.cookie ?? ''),
  };
}

function encode(id: number, operation: number, write: (writer: BerWriter) => void, cookie?: string): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(operation);
  write(writer);
  writer.endSequence();
  if (cookie !== undefined) {
    writer.startSequence(CONTROLS);
    new PagedResultsControl({ value: { size: 0, cookie: Buffer.from(cookie) } }).write(writer);
    writer.endSequence();
  }
  writer.endSequence();
  return writer.buffer;
}

function encodeResult(id: number, operation: number, code: number, diagnostic = '', cookie?: string): Buffer {
  const write = (writer: BerWriter): void => {
    writer.writeEnumeration(code);
    writer.writeString('');
    writer.writeString(diagnostic);
  };
  return encode(id, operation, write, cookie);
}

function encodeReference(id: number, reference: string): Buffer {
  return encode(id, RESPONSES.reference, (writer) => writer.writeString(reference));
}

function encodeEntry(id: number, [dn, attributes]: RecordedEntry): Buffer {
  return encode(id, RESPONSES.entry, (writer) => {
    writer.writeString(dn);
    writer.startSequence();
    for (const [type, values] of Object.entries(attributes)) {
      writer.startSequence();
      writer.writeString(type);
      writer.startSequence(SET);
      for (const value of values) writer.writeBuffer(Buffer.from(value), OCTETS);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });
}
