export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Structured log lines for operators. No secret, token or key may ever be a field. */
export interface Log {
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
  with(fields: LogFields): Log;
}
