import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { verifiedToken } from 'passport-jwe/accept';

@Injectable()
export class JweAuthGuard extends AuthGuard('jwe') {
  override getAuthenticateOptions() {
    return { session: false, failWithError: true };
  }

  override handleRequest<RequestUser>(
    error: unknown,
    user: RequestUser,
    _info: unknown,
    context: ExecutionContext,
  ): RequestUser {
    if (error) throw error;
    verifiedToken(context.switchToHttp().getRequest()); // throws if the strategy rejected the request
    return user;
  }
}
