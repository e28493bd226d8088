import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { JweStrategy, type KeyRing, type VerifiedToken } from 'passport-jwe/accept';
import { KEY_RING } from './key-ring.provider.js';
import { type User, UsersService } from './users.service.js';

@Injectable()
export class NestJweStrategy extends PassportStrategy(JweStrategy) {
  constructor(
    @Inject(KEY_RING) keyRing: KeyRing,
    @Inject(UsersService) private readonly users: UsersService,
  ) {
    super({ keyRing, issuer: 'https://auth.example.com', audience: 'https://api.example.com' });
  }

  async validate(token: VerifiedToken): Promise<User | false> {
    return (await this.users.find(token.claims.sub)) ?? false;
  }
}
