import { createPublicKey, sign, verify } from 'node:crypto';
import { WatchError } from '../model/errors.ts';
import type { JoinRequest } from '../model/api.ts';

type Proved = Pick<JoinRequest, 'token' | 'kind' | 'name' | 'coreId'>;

/** Whoever asks for a certificate shows that the private key is theirs: a signature (base64) over what they ask for. */
export function makeProof(keyPem: string, request: Proved): string {
  return sign('sha256', statement(request), keyPem).toString('base64');
}

/** Throws WK_UNAUTHENTICATED unless the request was signed by the private half of the key it brings, of our kind. */
export function verifyProof(request: Proved & Pick<JoinRequest, 'publicKeyPem' | 'proof'>): void {
  if (!isSigned(request))
    throw new WatchError(
      'WK_UNAUTHENTICATED',
      'the proof in the join request was not made with the private half of its public key (ECDSA P-256)',
    );
}

function isSigned(request: Proved & Pick<JoinRequest, 'publicKeyPem' | 'proof'>): boolean {
  try {
    const key = createPublicKey(request.publicKeyPem);
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false;
    return verify('sha256', statement(request), key, Buffer.from(request.proof, 'base64'));
  } catch {
    // Text that is no key at all is as good as a wrong one.
    return false;
  }
}

/** Names the purpose, so that the signature is worth nothing anywhere else; no field can hold a line feed. */
function statement({ token, kind, name, coreId }: Proved): Buffer {
  return Buffer.from(
    ['watchkeeper join', token, kind, name, coreId].map((part) => JSON.stringify(part)).join('\n'),
  );
}
