import { identityUri, type Identity, type IdentityKind } from '../model/identity.ts';
import { uuidV4, type Uuid } from '../model/uuid.ts';
import { nodeClock } from '../runtime/node/clock.ts';
import { nodeRandom } from '../runtime/node/random.ts';
import type { Credentials } from '../runtime/network.ts';
import { issueCertificate, makeAuthority, type Authority } from './authority.ts';
import { signLeaf, signRoot, type CertificateDraft } from './certificate.ts';
import { makeKeyPair } from './key-pair.ts';
import { validityOf } from './lifetimes.ts';

const ports = { clock: nodeClock, random: nodeRandom };

/** For tests: a pool with its own authority, and as many identities of it as a test wants. */
export class TestPool {
  readonly id: Uuid;
  readonly authority: Authority;

  private constructor(id: Uuid, authority: Authority) {
    this.id = id;
    this.authority = authority;
  }

  /** One that there is already. */
  static of(id: Uuid, authority: Authority): TestPool {
    return new TestPool(id, authority);
  }

  static async make(): Promise<TestPool> {
    return new TestPool(uuidV4(nodeRandom.bytes(16)), await makeAuthority('test', ports));
  }

  identity(kind: IdentityKind): Identity {
    return { pool: this.id, kind, coreId: uuidV4(nodeRandom.bytes(16)) };
  }

  /** `nowMs`: when it says that it was made. */
  async credentials(
    identity: Identity,
    nowMs = nodeClock.wallMs(),
    name: string = identity.kind,
  ): Promise<Credentials> {
    const keys = makeKeyPair();
    const as = { nowMs, serial: nodeRandom.bytes(16) };
    const request = { identity, publicKeyPem: keys.publicKeyPem, name, as };
    return this.#with(keys.keyPem, await issueCertificate(this.authority, request, ports));
  }

  /** A certificate signed by the pool's authority that says something our own code would never say. */
  async oddCredentials(odd: Partial<CertificateDraft>, signer = this.authority): Promise<Credentials> {
    const keys = makeKeyPair();
    const nowMs = nodeClock.wallMs();
    const draft: CertificateDraft = {
      publicKeyPem: keys.publicKeyPem,
      commonName: 'odd',
      uris: [],
      dnsNames: [],
      ipAddresses: [],
      usages: ['client', 'server'],
      notBeforeMs: nowMs - 3_600_000,
      notAfterMs: nowMs + 3_600_000,
      serial: nodeRandom.bytes(16),
      ...odd,
    };
    return this.#with(keys.keyPem, await signLeaf(draft, signer));
  }

  /** Signed by nobody but its own key. */
  async selfSigned(identity: Identity): Promise<Credentials> {
    const { keyPem, publicKeyPem } = makeKeyPair();
    const { notBeforeMs, notAfterMs } = validityOf(identity.kind, nodeClock.wallMs());
    const common = {
      publicKeyPem,
      commonName: identity.kind,
      notBeforeMs,
      notAfterMs,
      serial: nodeRandom.bytes(16),
    };
    const certificatePem = await signRoot(common, keyPem);
    const usages = ['client', 'server'] as const;
    const names = { uris: [identityUri(identity)], dnsNames: [], ipAddresses: [], usages };
    return this.#with(keyPem, await signLeaf({ ...common, ...names }, { certificatePem, keyPem }));
  }

  #with(keyPem: string, certificatePem: string): Credentials {
    return { keyPem, certificatePem, authorityPems: [this.authority.certificatePem] };
  }
}
