import { describe, expect, test } from '@jest/globals';
import { parseCertificate } from '../../../src/keys/certificates/certificate-details.js';
import { parseDistinguishedName } from '../../../src/keys/certificates/distinguished-name.js';
import { createSelfSigned } from '../../support/client-certificates.js';

/** Subject of a certificate with this `-subj`. */
function subjectOf(subject: string): string | undefined {
  return parseCertificate(createSelfSigned({ subject }).der)?.subject;
}

describe('parseDistinguishedName()', () => {
  test('equals the subject of a certificate with these names', () => {
    const cases = [
      ['/CN=billing', 'CN=billing'],
      ['/C=DE/O=Acme/CN=billing', 'CN=billing,O=Acme,C=DE'],
      ['/C=DE/O=Acme/CN=billing', 'cn=billing,2.5.4.10=Acme,C=DE'],
      ['/O=Acme, Inc./CN=billing', 'CN=billing,O=Acme\\, Inc.'],
      ['/O=Acme, Inc./CN=billing', 'CN=billing,O=Acme\\2C Inc.'],
      ['/CN=Müller', 'CN=Müller'],
      ['/CN=Müller', 'CN=M\\C3\\BCller'],
      ['/CN=billing', 'CN=#0c0762696c6c696e67'],
      ['/CN=billing', 'CN=#130762696C6C696E67'],
      ['/DC=example/DC=acme/UID=7', 'UID=7,DC=acme,DC=example'],
      ['/CN=a+UID=7', 'UID=7+CN=a'],
      ['/CN= a ', 'CN=\\ a\\ '],
      ['/CN=#a', 'CN=\\#a'],
    ] as const;
    const different = cases.filter(([subject, name]) => subjectOf(subject) !== parseDistinguishedName(name));

    expect(different).toEqual([]);
  });

  test('differs from the subject of a certificate with other names', () => {
    const cases = [
      ['/CN=a\\/CN=b', 'CN=b,CN=a'],
      ['/CN=b', 'CN=b,CN=a'],
      ['/CN=a\\,CN=b', 'CN=b,CN=a'],
      ['/O=Acme\nCN=billing', 'CN=billing,O=Acme'],
      ['/CN=billing/O=Acme', 'CN=billing,O=Acme'],
      ['/CN=Billing', 'CN=billing'],
      ['/CN=billing ', 'CN=billing'],
      ['/OU=billing', 'CN=billing'],
      ['/CN=a+UID=7', 'CN=a,UID=7'],
      ['/O=Acme/O=Acme/CN=a', 'CN=a,O=Acme'],
    ] as const;
    const equal = cases.filter(([subject, name]) => subjectOf(subject) === parseDistinguishedName(name));

    expect(equal).toEqual([]);
  });

  test('rejects other notations', () => {
    const texts = [
      ...['', ',', 'CN', 'CN=', 'CN=a,', ',CN=a', 'CN=a,,O=b', 'CN=a+', '/C=DE/CN=a', 'CN = a', 'CN=a, O=b'],
      ...[
        'CN="a"',
        'CN=a;O=b',
        'CN=a<b',
        'CN=a\\',
        'CN=a\\x',
        'CN= a',
        'CN=a ',
        'CN=a\\\\ ',
        'CN=#',
        'CN=#0',
        'CN=#0c',
      ],
      ...['CN=#0c0161ff', 'FOO=a', 'constructor=a', '__proto__=a', '2=a', '02.5=a', 'CN=\\FF', 'CN=a\0'],
    ];

    expect(texts.filter((text) => parseDistinguishedName(text) !== undefined)).toEqual([]);
  });

  test('takes linear time', () => {
    const long = `CN=${'\\2C'.repeat(100_000)}`;

    expect(parseDistinguishedName(`${long}"`)).toBeUndefined();
    expect(parseDistinguishedName(long)).toBeDefined();
  });
});
