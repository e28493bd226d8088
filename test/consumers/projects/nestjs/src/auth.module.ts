import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { BearerErrorsFilter } from './bearer-errors.filter.js';
import { keyRingProvider } from './key-ring.provider.js';
import { NestJweStrategy } from './nest-jwe.strategy.js';
import { UsersService } from './users.service.js';

@Module({
  providers: [
    keyRingProvider,
    UsersService,
    NestJweStrategy,
    { provide: APP_FILTER, useClass: BearerErrorsFilter },
  ],
})
export class AuthModule {}
