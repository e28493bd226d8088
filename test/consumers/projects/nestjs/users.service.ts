import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { TemporarilyUnavailableError } from 'passport-jwe/accept';

export interface User {
  readonly id: string;
  readonly name: string;
}

@Injectable()
export class UsersService {
  async find(id: string | undefined): Promise<User | undefined> {
    try {
      const users: readonly User[] = JSON.parse(await readFile('users.json', 'utf8'));
      return users.find((user) => user.id === id);
    } catch (cause) {
      throw new TemporarilyUnavailableError({ cause });
    }
  }
}
