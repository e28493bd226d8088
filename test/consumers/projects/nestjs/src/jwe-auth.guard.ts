import { type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { verifiedToken } from 'passport-jwe/accept';

@Injectable()
export class JweAuthGuard extends AuthGuard('jwe') {
  override getAuthenticateOptions() {
    return { session: false, failWithError: true };
  }

  override handleRequest<RequestUser>(
    error: Error | null,
    user: RequestUser,
    _info: unknown,
    context: ExecutionContext,
  ): RequestUser {
    if (error) throw error;
    if (user) return user;
    verifiedToken(context.switchToHttp().getRequest<Request>()); // throws the error of the strategy
    throw new UnauthorizedException();
  }
}
