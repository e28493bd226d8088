import { hashPassword, type PasswordHash } from './passwords.js';

/** A user in the database of the application. */
export interface User {
  /** Becomes the subject of tokens. It never changes, unlike the name. */
  readonly id: string;
  readonly name: string;
  readonly passwordHash: PasswordHash;
  readonly tenant: string;
  readonly scope: readonly string[];
  readonly isLocked: boolean;
}

const passwordHash = await hashPassword('correct horse battery staple');
const common = { passwordHash, tenant: 'acme', scope: ['read:documents'], isLocked: false };

/** Stands in for a database. */
const users: readonly User[] = [
  { ...common, id: '4711', name: 'alice' },
  { ...common, id: '4712', name: 'bob' },
];

export function findByName(name: string): User | undefined {
  return users.find((user) => user.name === name);
}

export function findById(id: string): User | undefined {
  return users.find((user) => user.id === id);
}
