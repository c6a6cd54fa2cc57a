import { Code, ConnectError } from '@connectrpc/connect';

/**
 * `not done`: the member cannot have carried the call out, so that another may be asked to, whatever the call was.
 * `refused`: it answered that it will not, and no other would. `unknown`: it may or may not have been carried out.
 */
export type CallFailure = 'not done' | 'refused' | 'unknown';

/** Before anything could be sent. */
const neverSent = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

const refusals: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.ResourceExhausted,
]);

export function failureOf(error: unknown): CallFailure {
  if (!(error instanceof ConnectError)) return 'unknown';
  if (refusals.has(error.code)) return 'refused';
  // What answers so is no etcd, or one that is far too old.
  if (error.code === Code.Unimplemented) return 'not done';
  if (error.code !== Code.Unavailable) return 'unknown';
  // With the header `hasleader` a member without a leader says so before it looks at the call.
  if (error.rawMessage.includes('etcdserver: no leader')) return 'not done';
  // It only listens so far, and answers nothing but questions about itself.
  if (error.rawMessage.includes('not supported for learner')) return 'not done';
  return neverSent.has(codeOfCause(error)) ? 'not done' : 'unknown';
}

function codeOfCause({ cause }: ConnectError): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

const refusesUs = /alert (bad certificate|unknown ca|certificate (unknown|expired|revoked|required))/i;
const isNotBelieved =
  /self-signed certificate|unable to (verify|get)\b.*certificate|certificate signature failure/i;
const anew =
  "a server or witness that missed a whole rotation of the pool's authority joins anew (docs/certificates.md)";

/** What TLS says of certificates, in words that tell what to do; anything else as it is. */
export function explained(why: string): string {
  if (refusesUs.test(why))
    return `etcd does not take this machine's certificate, which was revoked or is of an authority that is believed no more; ${anew}: ${why}`;
  return isNotBelieved.test(why)
    ? `etcd's certificate is of an authority that this machine does not believe; ${anew}: ${why}`
    : why;
}
