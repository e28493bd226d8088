import type { ApiKey } from '../../api-keys/api-key.js';

/** Whether an API key may have users of a directory. */
export function namesDirectory({ users }: Pick<ApiKey, 'users'>, directory: string): boolean {
  return typeof users === 'object' && users.directory === directory;
}
