import type { NumericDate } from '../../base/clock.js';
import { comparableIp } from './comparable-ip.js';
import { decodeAscii } from './decode-der-string.js';
import { type ComparableName, readDistinguishedName } from './distinguished-name.js';
import {
  contentOf,
  DER,
  type DerElement,
  DerError,
  readChildren,
  readElements,
  readObjectIdentifier,
} from './read-der.js';

/** Contents of a certificate that identify its subject (RFC 5280 §4.1). */
export interface CertificateDetails {
  readonly subject: ComparableName;
  /** Names in the subject alternative name extension (RFC 5280 §4.2.1.6). */
  readonly alternatives: AlternativeNames;
  readonly notBefore: NumericDate;
  /** Last second of the validity period. */
  readonly notAfter: NumericDate;
  /** Public key as SubjectPublicKeyInfo in DER. */
  readonly publicKey: Buffer;
}

/** Subject alternative names by kind. */
export interface AlternativeNames {
  readonly emails: readonly string[];
  readonly dns: readonly string[];
  readonly uris: readonly string[];
  /** Addresses in the form that `comparableIp()` returns. */
  readonly ips: readonly string[];
}

/** Tags of the fields of a certificate, and of general names (RFC 5280 §4.1, §4.2.1.6). */
const [VERSION, ISSUER_UNIQUE_ID, SUBJECT_UNIQUE_ID, EXTENSIONS] = [0xa0, 0x81, 0x82, 0xa3];
const [EMAIL, DNS, URI, IP] = [0x81, 0x82, 0x86, 0x87];

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';

/**
 * Parse a certificate without verifying it. Reads the DER itself: the string forms of OpenSSL and Node.js are ambiguous,
 * and `new X509Certificate()` prefers a PEM text within the bytes.
 *
 * @returns `undefined` if the bytes are not a certificate
 */
export function parseCertificate(der: Buffer): CertificateDetails | undefined {
  try {
    return readDetails(readTbsCertificate(der));
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** Whether bytes are one DER element with the three members of a certificate (RFC 5280 §4.1). */
export function isCertificate(der: Buffer): boolean {
  try {
    return readTbsCertificate(der).length > 0;
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** Return the fields of the signed part of a certificate. */
function readTbsCertificate(der: Buffer): readonly DerElement[] {
  const [tbs, algorithm, signature, ...others] = readChildren(der, DER.SEQUENCE);
  contentOf(algorithm, DER.SEQUENCE);
  contentOf(signature, DER.BIT_STRING);
  if (others.length > 0) throw new DerError('unexpected member of the certificate');
  return readElements(contentOf(tbs, DER.SEQUENCE));
}

function readDetails(fields: readonly DerElement[]): CertificateDetails {
  const [, , , validity, subject, publicKey, ...optional] = fields.filter(({ tag }) => tag !== VERSION);
  contentOf(subject, DER.SEQUENCE);
  contentOf(publicKey, DER.SEQUENCE);
  if (subject === undefined || publicKey === undefined) throw new DerError('truncated certificate');
  const [notBefore, notAfter] = readElements(contentOf(validity, DER.SEQUENCE));
  const extensions = optional.filter(({ tag }) => tag !== ISSUER_UNIQUE_ID && tag !== SUBJECT_UNIQUE_ID);
  return {
    subject: readDistinguishedName(subject.encoded),
    alternatives: readAlternatives(extensions.flatMap(readExtensions)),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    publicKey: publicKey.encoded,
  };
}

interface Extension {
  readonly id: string;
  readonly value: Buffer;
}

function readExtensions(element: DerElement): readonly Extension[] {
  return readChildren(contentOf(element, EXTENSIONS), DER.SEQUENCE).map((extension) => {
    const [id, ...rest] = readElements(contentOf(extension, DER.SEQUENCE));
    const [value, ...others] = rest.filter(({ tag }) => tag !== DER.BOOLEAN);
    if (others.length > 0) throw new DerError('malformed extension');
    return {
      id: readObjectIdentifier(contentOf(id, DER.OBJECT_IDENTIFIER)),
      value: contentOf(value, DER.OCTET_STRING),
    };
  });
}

/** Read the alternative names. An extension must not be repeated (RFC 5280 §4.2). */
function readAlternatives(extensions: readonly Extension[]): AlternativeNames {
  const [extension, ...others] = extensions.filter(({ id }) => id === SUBJECT_ALTERNATIVE_NAME);
  if (others.length > 0) throw new DerError('repeated extension');
  const names = extension === undefined ? [] : readChildren(extension.value, DER.SEQUENCE);
  const strings = (tag: number): readonly string[] =>
    names.filter((name) => name.tag === tag).map(({ content }) => decodeAscii(content) ?? '');
  return {
    emails: strings(EMAIL),
    dns: strings(DNS).map((name) => name.toLowerCase()),
    uris: strings(URI),
    ips: names.filter(({ tag }) => tag === IP).map(({ content }) => comparableIp(content)),
  };
}

/** UTCTime or GeneralizedTime in UTC, with seconds (RFC 5280 §4.1.2.5). */
const TIME = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** First year of UTCTime (RFC 5280 §4.1.2.5.1). */
const UTC_PIVOT = 50;

function readTime(element: DerElement | undefined): NumericDate {
  const isUtc = element?.tag === DER.UTC_TIME;
  const content = contentOf(element, isUtc ? DER.UTC_TIME : DER.GENERALIZED_TIME);
  const [, year = '', month, day, hour, minute, second] = TIME.exec(content.toString('latin1')) ?? [];
  if (year.length !== (isUtc ? 2 : 4)) throw new DerError('malformed time');
  const century = isUtc ? (Number(year) < UTC_PIVOT ? '20' : '19') : '';
  const milliseconds = Date.parse(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(milliseconds)) throw new DerError('malformed time');
  return milliseconds / 1000;
}
