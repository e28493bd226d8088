/** A token whose ciphertext differs in its first character. */
export function tamperWithCiphertext(token: string): string {
  const [header, key, iv, ciphertext = '', tag] = token.split('.');
  const tampered = `${ciphertext.startsWith('A') ? 'B' : 'A'}${ciphertext.slice(1)}`;
  return [header, key, iv, tampered, tag].join('.');
}
