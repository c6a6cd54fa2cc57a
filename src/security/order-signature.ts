import { sign, verify, X509Certificate } from 'node:crypto';
import { actionOrderSchema, type ActionOrder, type SignedOrder } from '../model/action.ts';
import { certificateInfo, issuerOf } from './certificate-info.ts';

/** Names the purpose, so that the signature is worth nothing anywhere else. */
function statement(order: string): Buffer {
  return Buffer.from(`watchkeeper action\n${order}`);
}

/** The signature (base64) of a server over the text of an order. */
export function signOrder(order: string, keyPem: string): string {
  return sign('sha256', statement(order), keyPem).toString('base64');
}

/**
 * What a server of the pool has signed, or why it is not believed: its certificate has to be by an authority that is
 * believed, in force, and that of the very server which the order names. Nothing of the order is looked at before.
 */
export function readSignedOrder(
  { order: text, signature, certificate }: SignedOrder,
  { authorityPems, pool, nowMs }: { authorityPems: readonly string[]; pool: string; nowMs: number },
): { readonly order: ActionOrder } | { readonly refused: string } {
  try {
    const { identity, notBeforeMs, notAfterMs } = certificateInfo(certificate);
    if (issuerOf(certificate, authorityPems) === null)
      return {
        refused: 'the certificate of the server that signed it is by no authority that is believed here',
      };
    if (identity?.kind !== 'server' || identity.pool !== pool)
      return { refused: 'whoever signed it is no server of this pool' };
    if (nowMs < notBeforeMs || nowMs > notAfterMs)
      return { refused: 'the certificate of the server that signed it is not in force' };
    const { publicKey } = new X509Certificate(certificate);
    if (publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      return { refused: 'it was signed by a key of another kind' };
    if (!verify('sha256', statement(text), publicKey, Buffer.from(signature, 'base64')))
      return { refused: 'the signature is not of what it says' };
    const order = actionOrderSchema.safeParse(JSON.parse(text));
    if (!order.success) return { refused: 'it says what this version of the agent does not know' };
    if (order.data.from.coreId !== identity.coreId || order.data.pool !== pool)
      return { refused: 'it names another server than the one that signed it' };
    return { order: order.data };
  } catch {
    // What cannot even be read is as good as a wrong one.
    return { refused: 'what came with it is no certificate, signature or order' };
  }
}
