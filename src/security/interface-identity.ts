import { hash } from 'node:crypto';
import type { Identity } from '../model/identity.ts';
import { uuidText, type Uuid } from '../model/uuid.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Random } from '../runtime/random.ts';
import { issueCertificate, type Authority } from './authority.ts';
import { makeKeyPair } from './key-pair.ts';

/**
 * Who a virtual interface is, on whichever server it is held: its core ID follows from the pool and its role's name, so
 * that every server knows it and nothing has to be kept. A name that is given again is the same interface again.
 */
export function interfaceIdentity(pool: Uuid, role: string): Identity {
  const bytes = hash('sha256', `watchkeeper interface ${pool} ${role}`, 'buffer').subarray(0, 16);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  // RFC 9562, version 8: made by a rule of one's own.
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x80);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  return { pool, kind: 'interface', coreId: uuidText(bytes) };
}

/**
 * A certificate of a virtual interface with a key of this server's own: every server has the authority's key, so each
 * makes one for itself, and no key of an interface ever travels. It names `host`, which who dials it looks for.
 */
export async function issueInterface(
  authority: Authority,
  { pool, role, host }: { readonly pool: Uuid; readonly role: string; readonly host: string },
  believed: readonly string[],
  ports: { readonly clock: Clock; readonly random: Random },
): Promise<Credentials> {
  const { keyPem, publicKeyPem } = makeKeyPair();
  const identity = interfaceIdentity(pool, role);
  const name = role.slice(role.indexOf('/') + 1);
  const certificatePem = await issueCertificate(
    authority,
    { identity, publicKeyPem, name, hosts: [host] },
    ports,
  );
  return { keyPem, certificatePem, authorityPems: believed };
}
