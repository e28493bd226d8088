import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { bearerErrors, PassportJweError } from 'passport-jwe/accept';

const respond = bearerErrors();

@Catch(PassportJweError)
export class BearerErrorsFilter implements ExceptionFilter<PassportJweError> {
  catch(error: PassportJweError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    respond(error, http.getRequest<Request>(), http.getResponse<Response>(), http.getNext<NextFunction>());
  }
}
