import { AccessDeniedError } from 'passport-jwe';

const MAX_SHOWN_LENGTH = 80;

/** Error for a request member that the token does not permit. */
export class MemberRejectedError extends AccessDeniedError {
  /** Path of the member. */
  readonly param: string;

  /** @param why reason, for example `selects a different model`. */
  constructor(path: string, why: string) {
    const param = path.slice(0, MAX_SHOWN_LENGTH);
    super(`The member ${param} ${why}: remove it`);
    this.param = param;
  }
}
