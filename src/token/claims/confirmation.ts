/** Claim `cnf`: the keys of the sender, to which a token is bound (RFC 7800 §3.1). */
export type Confirmation = {
  /** SHA-256 thumbprint of the public key of the client, base64url (RFC 9449 §6.1). */
  readonly jkt?: string;
  /** SHA-256 thumbprint of the client certificate, base64url (RFC 8705 §3.1). */
  readonly 'x5t#S256'?: string;
};
