import type { CanActivate } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { requireScope } from 'passport-jwe/accept';

/** Convert a guard of passport-jwe to a guard of NestJS. */
export function toNestGuard(guard: ReturnType<typeof requireScope>): CanActivate {
  return {
    canActivate: (context) =>
      new Promise((resolve, reject) => {
        const http = context.switchToHttp();
        guard(http.getRequest<Request>(), http.getResponse<Response>(), (error?: unknown) => {
          if (error === undefined) resolve(true);
          else reject(error instanceof Error ? error : new Error('The guard failed'));
        });
      }),
  };
}
