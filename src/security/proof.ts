import { createPublicKey, sign, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { WatchError } from '../model/errors.ts';
import type { JoinRequest } from '../model/api.ts';
import type { RenewRequest } from '../model/trust.ts';

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
  return isBy(() => createPublicKey(request.publicKeyPem), statement(request), request.proof);
}

function isBy(keyOf: () => KeyObject, said: Buffer, proof: string): boolean {
  try {
    const key = keyOf();
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false;
    return verify('sha256', said, key, Buffer.from(proof, 'base64'));
  } catch {
    // Text that is no key at all is as good as a wrong one.
    return false;
  }
}

/** A request for a new certificate, signed by the key of the old one and by the new one. */
export function makeRenewal(
  old: { readonly keyPem: string; readonly certificatePem: string },
  next: { readonly keyPem: string; readonly publicKeyPem: string },
): RenewRequest {
  const { certificatePem } = old;
  const { publicKeyPem } = next;
  const said = renewalStatement({ certificatePem, publicKeyPem });
  return {
    certificatePem,
    publicKeyPem,
    proof: sign('sha256', said, old.keyPem).toString('base64'),
    newProof: sign('sha256', said, next.keyPem).toString('base64'),
  };
}

/** Throws WK_UNAUTHENTICATED unless both keys signed the request. */
export function verifyRenewal(request: RenewRequest): void {
  const said = renewalStatement(request);
  const byOld = isBy(() => new X509Certificate(request.certificatePem).publicKey, said, request.proof);
  if (byOld && isBy(() => createPublicKey(request.publicKeyPem), said, request.newProof)) return;
  throw new WatchError(
    'WK_UNAUTHENTICATED',
    `the request to renew was not signed by the ${byOld ? 'new key' : 'key of the certificate'} (ECDSA P-256)`,
  );
}

function renewalStatement(request: Pick<RenewRequest, 'certificatePem' | 'publicKeyPem'>): Buffer {
  const { certificatePem, publicKeyPem } = request;
  return Buffer.from(
    ['watchkeeper renew', certificatePem, publicKeyPem].map((part) => JSON.stringify(part)).join('\n'),
  );
}

/** Names the purpose, so that the signature is worth nothing anywhere else; no field can hold a line feed. */
function statement({ token, kind, name, coreId }: Proved): Buffer {
  return Buffer.from(
    ['watchkeeper join', token, kind, name, coreId].map((part) => JSON.stringify(part)).join('\n'),
  );
}
