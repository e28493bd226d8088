import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { TemporarilyUnavailableError } from 'passport-jwe/accept';

export interface User {
  readonly id: string;
  readonly name: string;
}

function isUser(value: unknown): value is User {
  return typeof value === 'object' && value !== null && 'id' in value && 'name' in value;
}

@Injectable()
export class UsersService {
  async find(id: string | undefined): Promise<User | undefined> {
    try {
      const users: unknown = JSON.parse(await readFile('users.json', 'utf8'));
      return Array.isArray(users) ? users.filter(isUser).find((user) => user.id === id) : undefined;
    } catch (cause) {
      throw new TemporarilyUnavailableError({ cause });
    }
  }
}
