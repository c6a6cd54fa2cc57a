import pino, { type Logger } from 'pino';
import type { Log } from '../log.ts';

/** JSON lines on stderr: stdout belongs to what a command was asked for. */
export function nodeLog(level: string): Log {
  return wrap(
    pino(
      { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: 2, sync: true }),
    ),
  );
}

function wrap(logger: Logger): Log {
  return {
    debug: (text, fields) => logger.debug(fields ?? {}, text),
    info: (text, fields) => logger.info(fields ?? {}, text),
    warn: (text, fields) => logger.warn(fields ?? {}, text),
    error: (text, fields) => logger.error(fields ?? {}, text),
    with: (fields) => wrap(logger.child(fields)),
  };
}

/** For tests and for commands that print their own errors. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};
