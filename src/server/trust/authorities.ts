import { keys, type Pool } from '../../model/definitions.ts';
import { textOf } from '../../model/errors.ts';
import type { IdentityKind } from '../../model/identity.ts';
import { trustSchema, type Trust } from '../../model/trust.ts';
import { readAuthorityFile, sealAuthorityFile } from '../../security/authority-file.ts';
import type { Authority } from '../../security/authority.ts';
import { fingerprintOf } from '../../security/certificate-info.ts';
import { openAuthority } from '../../security/open-authority.ts';
import { ownAuthorityPems } from '../../security/trust.ts';
import type { ServerState } from '../server-state.ts';
import { isAuthorityFile, serverPaths } from '../server-paths.ts';

/** The authorities of this pool: whom to believe, and with which key this server signs. */
export class Authorities {
  readonly #state: Pick<ServerState, 'parts' | 'mirror'>;

  constructor(state: Pick<ServerState, 'parts' | 'mirror'>) {
    this.#state = state;
  }

  /** Null until something was changed since the pool was founded. */
  trust(): Trust | null {
    return this.#state.mirror.get(keys.trust, trustSchema);
  }

  /** Whom everybody of this pool believes. */
  believed(pool: Pool): readonly string[] {
    const trust = this.trust();
    return trust === null ? pool.authorities : ownAuthorityPems(pool.id, trust);
  }

  /** What this server was given when it joined: its key opens those of later rotations. */
  first(): Promise<Authority> {
    const { runtime, config } = this.#state.parts;
    return readAuthorityFile(runtime, serverPaths(config.data).authority);
  }

  /**
   * What a server that joins now is given: the first one while it is believed, since its key opens those that followed;
   * after that the one that signs for servers.
   */
  async forNewServer(pool: Pool): Promise<Authority> {
    const first = await this.first();
    const isBelieved = this.believed(pool).some(
      (pem) => fingerprintOf(pem) === fingerprintOf(first.certificatePem),
    );
    return isBelieved ? first : this.signer('server');
  }

  /**
   * The authority that signs for a kind of identity, as far as its key is here: one that came by a rotation is unsealed and
   * kept the first time. Errors: those of reading the first authority's file.
   */
  async signer(kind: IdentityKind): Promise<Authority> {
    const { runtime, config } = this.#state.parts;
    const trust = this.trust();
    if (trust === null) return this.first();
    // A witness is seen by the pool's etcd alone, which is to servers what they are to each other.
    const wanted = kind === 'server' || kind === 'witness' ? trust.signsServers : trust.signsOthers;
    try {
      return await openAuthority(runtime, serverPaths(config.data), trust, wanted);
    } catch (error) {
      runtime.log.error('the key of the authority that signs now is not here; the first one signs', {
        authority: wanted,
        error: textOf(error),
      });
      return this.first();
    }
  }

  /** Keys that lie here unencrypted are encrypted where this machine can do it by now (security/machine-seal.ts). */
  async sealKeys(): Promise<void> {
    const { runtime, config } = this.#state.parts;
    for (const name of await runtime.files.list(config.data)) {
      if (!isAuthorityFile(name)) continue;
      const path = `${config.data}/${name}`;
      if (await sealAuthorityFile(runtime, path))
        runtime.log.info("the authority's key is encrypted with this machine's credential now", { path });
    }
  }
}
