import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { User } from './users.service.js';

/** The user that `validate()` of the strategy returned. */
export const CurrentUser = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<{ user: User }>().user,
);
