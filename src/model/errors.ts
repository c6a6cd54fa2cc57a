/**
 * Every failure a person or a peer can meet, once. `retry` says whether the same request may succeed later;
 * `status` is the HTTP status; `exit` the exit code of the CLI; `text` the sentence used when the place that
 * throws has nothing more exact to say. Across processes compare `code`, never `instanceof`.
 */
export const errorTable = {
  WK_BAD_REQUEST: { retry: false, status: 400, exit: 2, text: 'the request is not valid' },
  WK_UNAUTHENTICATED: {
    retry: false,
    status: 401,
    exit: 4,
    text: 'a certificate or a bearer token is needed',
  },
  WK_DENIED: { retry: false, status: 403, exit: 4, text: 'this identity may not do that' },
  WK_REVOKED: { retry: false, status: 403, exit: 4, text: 'this identity was revoked' },
  WK_NOT_FOUND: { retry: false, status: 404, exit: 3, text: 'there is no such thing' },
  WK_CONFLICT: { retry: false, status: 409, exit: 6, text: 'it was changed in the meantime' },
  WK_TOO_LARGE: { retry: false, status: 413, exit: 2, text: 'the request is too large' },
  WK_OVERLOADED: { retry: true, status: 429, exit: 5, text: 'too many requests at once' },
  WK_INTERNAL: {
    retry: false,
    status: 500,
    exit: 1,
    text: 'an internal error; the log of the server has the details',
  },
  WK_PENDING: { retry: true, status: 503, exit: 5, text: 'a person has to approve it first' },
  WK_UNAVAILABLE: { retry: true, status: 503, exit: 5, text: 'the server cannot answer now' },
  WK_UNREACHABLE: { retry: true, status: 503, exit: 5, text: 'no server could be reached' },
  WK_TIMEOUT: { retry: true, status: 504, exit: 124, text: 'no answer in time' },
  WK_DISK_FULL: { retry: true, status: 507, exit: 1, text: 'the disk is full' },
  WK_DISK_FAILED: { retry: true, status: 503, exit: 1, text: 'the disk reported an error' },
  WK_DAMAGED: { retry: false, status: 503, exit: 1, text: 'stored data is damaged' },
  WK_CONFIG: { retry: false, status: 400, exit: 2, text: 'the configuration is not valid' },
  WK_TOKEN_UNKNOWN: { retry: false, status: 401, exit: 4, text: 'the token is unknown to this pool' },
  WK_TOKEN_USED: { retry: false, status: 401, exit: 4, text: 'the token was used already' },
  WK_TOKEN_EXPIRED: { retry: false, status: 401, exit: 4, text: 'the token has expired' },
  WK_TOKEN_FOREIGN: { retry: false, status: 401, exit: 4, text: 'the token belongs to another pool' },
  WK_PORT_IN_USE: { retry: false, status: 500, exit: 1, text: 'the address and port are in use' },
  WK_NODE_UNKNOWN: { retry: false, status: 403, exit: 4, text: 'the node is not enrolled in this pool' },
  WK_FRAME: { retry: false, status: 400, exit: 1, text: 'the peer sent a frame that is not valid' },
  WK_PROTOCOL: { retry: false, status: 400, exit: 1, text: 'the peer speaks no protocol version that we do' },
  WK_NOT_HOLDER: { retry: true, status: 503, exit: 6, text: 'this server does not hold the role' },
  WK_COORDINATOR_AWAY: { retry: true, status: 503, exit: 5, text: 'the coordinator does not answer' },
  WK_ELSEWHERE: {
    retry: false,
    status: 409,
    exit: 1,
    text: 'the embedded coordinator serves one machine only',
  },
  WK_AT_RISK: { retry: true, status: 503, exit: 5, text: 'a second copy could not be stored' },
} as const satisfies Record<`WK_${string}`, { retry: boolean; status: number; exit: number; text: string }>;

export type ErrorCode = keyof typeof errorTable;

/** `text` says what is wrong, where, and what to do, in one line; it is shown to people as it stands. */
export class WatchError extends Error {
  override readonly name = 'WatchError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, text?: string, options?: { cause?: unknown }) {
    super(text ?? errorTable[code].text, options);
    this.code = code;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorTable, value);
}

/** The code of any error, ours or not, also one that crossed a process. */
export function codeOf(error: unknown): ErrorCode {
  if (typeof error === 'object' && error !== null && 'code' in error && isErrorCode(error.code))
    return error.code;
  return 'WK_INTERNAL';
}

/** One line about any error, never a stack trace. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*\n\s*/g, '; ');
}
