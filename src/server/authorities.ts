import { keys, type Pool } from '../model/definitions.ts';
import { textOf } from '../model/errors.ts';
import type { IdentityKind } from '../model/identity.ts';
import { trustSchema, type Trust } from '../model/trust.ts';
import { readAuthorityFile, writeAuthorityFile } from '../security/authority-file.ts';
import type { Authority } from '../security/authority.ts';
import { fingerprintOf } from '../security/certificate-info.ts';
import { unseal } from '../security/seal.ts';
import { ownAuthorityPems } from '../security/trust.ts';
import type { ServerState } from './server-state.ts';
import { serverPaths } from './server-paths.ts';

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

  /** What the pool was founded with: its key opens those of the rotations. */
  founding(): Promise<Authority> {
    const { runtime, config } = this.#state.parts;
    return readAuthorityFile(runtime.files, serverPaths(config.data).authority);
  }

  /**
   * The authority that signs for a kind of identity, as far as its key is here: one that came by a rotation is unsealed and
   * kept the first time. Errors: those of reading the founding authority's file.
   */
  async signer(kind: IdentityKind): Promise<Authority> {
    const { runtime } = this.#state.parts;
    const founding = await this.founding();
    const trust = this.trust();
    if (trust === null) return founding;
    const wanted = kind === 'server' ? trust.signsServers : trust.signsOthers;
    try {
      return await this.#withKey(wanted, trust, founding);
    } catch (error) {
      runtime.log.error('the key of the authority that signs now is not here; the founding one signs', {
        authority: wanted,
        error: textOf(error),
      });
      return founding;
    }
  }

  /** Rotations follow on each other, so the key of one is sealed with that of the one before it. */
  async #withKey(fingerprint: string, trust: Trust, founding: Authority): Promise<Authority> {
    if (fingerprintOf(founding.certificatePem) === fingerprint) return founding;
    const { runtime, config } = this.#state.parts;
    const path = serverPaths(config.data).furtherAuthority(fingerprint);
    if ((await runtime.files.status(path)) !== null) return await readAuthorityFile(runtime.files, path);
    const authority = trust.authorities.find(
      ({ certificatePem }) => fingerprintOf(certificatePem) === fingerprint,
    );
    if (!authority?.sealedKey || !authority.sealedBy) throw new Error('its key is nowhere');
    const by = await this.#withKey(authority.sealedBy, trust, founding);
    const keyPem = unseal(authority.sealedKey, by.keyPem);
    const opened = { keyPem, certificatePem: authority.certificatePem };
    await writeAuthorityFile(runtime.files, path, opened);
    return opened;
  }
}
