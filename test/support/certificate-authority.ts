import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Files of a certificate and its key, in PEM format. */
export interface IssuedCertificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateSettings {
  /** Subject alternative name. Default: the address and name of loopback. */
  readonly altName?: string;
  readonly isExpired?: boolean;
}

/** A certificate authority that signs certificates of servers with the `openssl` of the machine. */
export interface CertificateAuthority {
  readonly caFile: string;
  issue(settings?: CertificateSettings): Promise<IssuedCertificate>;
  dispose(): Promise<void>;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-ca-'));
  const [caFile, caKeyFile] = [join(directory, 'ca.pem'), join(directory, 'ca-key.pem')];
  const openssl = (...args: readonly string[]) => promisify(execFile)('openssl', args);
  let issued = 0;

  await openssl(
    'req',
    '-x509',
    ...KEY,
    '-days',
    '2',
    '-subj',
    '/CN=CA',
    '-keyout',
    caKeyFile,
    '-out',
    caFile,
  );

  return {
    caFile,
    async issue({ altName = 'IP:127.0.0.1,DNS:localhost', isExpired = false } = {}) {
      issued += 1;
      const file = (name: string) => join(directory, `${issued}-${name}`);
      const [certFile, keyFile, request] = [file('cert.pem'), file('key.pem'), file('request.pem')];
      await writeFile(file('extensions'), `subjectAltName=${altName}\n`);
      await openssl('req', '-new', ...KEY, '-subj', '/CN=server', '-keyout', keyFile, '-out', request);
      // OpenSSL accepts only whole days. With -1, the certificate expired before it was valid.
      const validity = ['-days', isExpired ? '-1' : '1'];
      const authority = ['-CA', caFile, '-CAkey', caKeyFile, '-CAcreateserial'];
      await openssl(
        'x509',
        '-req',
        '-in',
        request,
        ...authority,
        ...validity,
        '-extfile',
        file('extensions'),
        '-out',
        certFile,
      );
      return { certFile, keyFile };
    },
    dispose: () => rm(directory, { recursive: true }),
  };
}
