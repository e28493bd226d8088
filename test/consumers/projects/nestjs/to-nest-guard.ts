import type { CanActivate } from '@nestjs/common';
import type { requireScope } from 'passport-jwe/accept';

/** Convert a guard of passport-jwe to a guard of NestJS. */
export function toNestGuard(guard: ReturnType<typeof requireScope>): CanActivate {
  return {
    canActivate: (context) =>
      new Promise((resolve, reject) => {
        const http = context.switchToHttp();
        guard(http.getRequest(), http.getResponse(), (error) => {
          if (error === undefined) resolve(true);
          else reject(error);
        });
      }),
  };
}
