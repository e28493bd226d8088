import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  type CertificateDetails,
  isCertificate,
  parseCertificate,
} from '../../../src/keys/certificates/certificate-details.js';
import { parseComparableIp } from '../../../src/keys/certificates/comparable-ip.js';
import { parseDistinguishedName } from '../../../src/keys/certificates/distinguished-name.js';
import { createSelfSigned } from '../../support/client-certificates.js';

function detailsOf(der: Buffer): CertificateDetails {
  const details = parseCertificate(der);
  if (details === undefined) throw new Error('The certificate is malformed');
  return details;
}

const victim = createSelfSigned({ subject: '/CN=victim' });

describe('parseCertificate()', () => {
  test('reads the subject, the validity period and the public key', () => {
    const { der } = createSelfSigned({ subject: '/C=DE/O=Acme/CN=billing' });
    const x509 = new X509Certificate(der);
    const details = detailsOf(der);

    expect(details.subject).toBe(parseDistinguishedName('CN=billing,O=Acme,C=DE'));
    expect(details.notBefore).toBe(Date.parse(x509.validFrom) / 1000);
    expect(details.notAfter).toBe(Date.parse(x509.validTo) / 1000);
    expect(details.publicKey).toEqual(x509.publicKey.export({ type: 'spki', format: 'der' }));
  });

  test('reads a validity period after 2049, which is a GeneralizedTime', () => {
    const { der } = createSelfSigned({ days: 36_500 });

    expect(detailsOf(der).notAfter).toBe(Date.parse(new X509Certificate(der).validTo) / 1000);
  });

  test('reads the alternative names by kind', () => {
    const names = ['DNS:Billing.acme.example', 'URI:spiffe://acme.example/billing', 'email:b@acme.example'];
    const { der } = createSelfSigned({ names: [...names, 'IP:192.0.2.7', 'IP:2001:db8::7'] });

    expect(detailsOf(der).alternatives).toEqual({
      dns: ['billing.acme.example'],
      uris: ['spiffe://acme.example/billing'],
      emails: ['b@acme.example'],
      ips: [parseComparableIp('192.0.2.7'), parseComparableIp('2001:db8:0::7')],
    });
  });

  test('does not split a name at a comma, a quote or a label of a different name', () => {
    const uri = 'http://attacker.example/, DNS:victim.example"';
    const { der } = createSelfSigned({ names: [`URI:${uri.replace('"', '\\"')}`] });

    expect(detailsOf(der).alternatives).toEqual({ dns: [], uris: [uri], emails: [], ips: [] });
  });

  test('reads a certificate without alternative names', () => {
    expect(detailsOf(victim.der).alternatives).toEqual({ dns: [], uris: [], emails: [], ips: [] });
  });

  test('reads the DER, not a PEM text in an extension', () => {
    const text = Buffer.from(`\n${victim.cert}`);
    const length = text.length.toString(16).padStart(4, '0');
    const { der } = createSelfSigned({
      subject: '/CN=attacker',
      extensions: [`1.2.3.4=DER:0c82${length}${text.toString('hex')}`],
    });

    expect(new X509Certificate(der).subject).toBe('CN=victim');
    expect(detailsOf(der).subject).toBe(parseDistinguishedName('CN=attacker'));
  });

  test('rejects a truncated certificate, and one with further bytes', () => {
    const accepted = Array.from({ length: victim.der.length }, (_, length) =>
      victim.der.subarray(0, length),
    ).filter((der) => isCertificate(der) || parseCertificate(der) !== undefined);

    expect(accepted).toEqual([]);
    expect(isCertificate(Buffer.concat([victim.der, Buffer.from([5, 0])]))).toBe(false);
    expect(isCertificate(Buffer.from(victim.cert))).toBe(false);
  });

  test('never throws if any single byte changes', () => {
    for (const index of victim.der.keys()) {
      for (const bit of [0x01, 0x20, 0x80]) {
        const changed = Buffer.from(victim.der);
        changed[index] = (changed[index] ?? 0) ^ bit;
        expect(() => parseCertificate(changed)).not.toThrow();
      }
    }
  });
});
