import { execFileSync } from 'node:child_process';
import { hash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its private key. */
export interface IssuedCertificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  readonly der: Buffer;
  /** Value of `x5t#S256`. */
  readonly thumbprint: string;
}

/** Contents of a certificate to create. */
export interface CertificateSpec {
  /** In the form of `openssl req -subj`. Default: `/CN=client`. */
  readonly subject?: string;
  /** Alternative names such as `DNS:client.example`. A name can contain commas. */
  readonly names?: readonly string[];
  /** Further lines of the extension section. */
  readonly extensions?: readonly string[];
  /** A negative number: the certificate has expired. Default: ten years. */
  readonly days?: number;
}

/** A certificate authority of one test. */
export interface CertificateAuthority {
  /** PEM of the root certificate. */
  readonly root: string;
  issue(spec?: CertificateSpec): IssuedCertificate;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Creates an authority with the `openssl` of the machine. */
export function createAuthority(name = 'test authority'): CertificateAuthority {
  const root = createSelfSigned({
    subject: `/CN=${name}`,
    extensions: ['basicConstraints=critical,CA:TRUE'],
  });
  return {
    root: root.cert,
    issue: (spec = {}) =>
      inDirectory((directory) => {
        const [request, ca, caKey] = ['request', 'ca', 'ca-key'].map((file) => join(directory, file));
        writeFileSync(`${ca}`, root.cert);
        writeFileSync(`${caKey}`, root.key);
        const key = join(directory, 'key');
        const { subject = '/CN=client', days = 3650 } = spec;
        openssl('req', '-new', ...CURVE, '-utf8', '-subj', subject, '-keyout', key, '-out', `${request}`);
        const signing = ['-CA', `${ca}`, '-CAkey', `${caKey}`, '-set_serial', String(nextSerial())];
        const extensions = ['-extfile', writeConfiguration(directory, spec), '-extensions', 'extensions'];
        const cert = openssl(
          'x509',
          '-req',
          '-in',
          `${request}`,
          ...signing,
          '-days',
          String(days),
          ...extensions,
        );
        return describe(cert, readFileSync(key, 'utf8'));
      }),
  };
}

/** Creates a certificate that is its own authority. */
export function createSelfSigned(spec: CertificateSpec = {}): IssuedCertificate {
  return inDirectory((directory) => {
    const key = join(directory, 'key');
    const { subject = '/CN=client', days = 3650 } = spec;
    const configuration = ['-config', writeConfiguration(directory, spec), '-extensions', 'extensions'];
    const request = ['-x509', ...CURVE, '-utf8', '-subj', subject, '-days', String(days)];
    return describe(openssl('req', ...request, ...configuration, '-keyout', key), readFileSync(key, 'utf8'));
  });
}

let serial = 1;

function nextSerial(): number {
  serial += 1;
  return serial;
}

function writeConfiguration(directory: string, { names = [], extensions = [] }: CertificateSpec): string {
  const file = join(directory, 'configuration');
  const alternatives = names.map((name, index) => name.replace(':', `.${index} = `));
  const sections = [
    ...['[req]', 'distinguished_name = dn', '[dn]', '[extensions]', ...extensions],
    ...(names.length === 0 ? [] : ['subjectAltName = @names', '[names]', ...alternatives]),
  ];
  writeFileSync(file, `${sections.join('\n')}\n`);
  return file;
}

function describe(cert: string, key: string): IssuedCertificate {
  const { raw: der } = new X509Certificate(cert);
  return { key, cert, der, thumbprint: hash('sha256', der, 'base64url') };
}

function inDirectory<Result>(run: (directory: string) => Result): Result {
  const directory = mkdtempSync(join(tmpdir(), 'passport-jwe-certificates-'));
  try {
    return run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
