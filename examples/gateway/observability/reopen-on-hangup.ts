import type { AuditFile } from 'passport-jwe/audit';
import type { Logger } from 'pino';

/**
 * Reopens an audit file on SIGHUP, which logrotate sends after it has renamed the file.
 *
 * @returns a function that removes the signal handler
 */
export function reopenOnHangup(file: Pick<AuditFile, 'reopen'>, logger: Logger): () => void {
  const reopen = (): void => {
    file.reopen().then(
      () => logger.info('the audit file was reopened'),
      (err: unknown) =>
        logger.error({ err }, 'the audit file cannot be reopened, so the previous file is used'),
    );
  };
  process.on('SIGHUP', reopen);
  return () => void process.off('SIGHUP', reopen);
}
