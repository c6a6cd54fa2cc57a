import type { LinkMessageOf } from '../link/messages.ts';
import { textOf } from '../model/errors.ts';
import type { Timer } from '../runtime/clock.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { askRenewal } from '../security/ask-renewal.ts';
import { fingerprintOf, issuerOf } from '../security/certificate-info.ts';
import type { IdentityStore } from '../security/identity-store.ts';
import { Renewer } from '../security/renewer.ts';

interface Options {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'random' | 'network' | 'log'>;
  readonly credentials: Credentials;
  /** Null: the certificate stays as it is. */
  readonly store: IdentityStore | null;
  /** Where the pool may be, the preferred first. */
  readonly servers: () => readonly string[];
}

/** The agent's certificate, renewed in time; each new connection takes what it is then. */
export class AgentIdentity implements Disposable {
  readonly #options: Options;
  readonly #renewer: Renewer | null;
  #follow: Timer | null = null;

  constructor(options: Options) {
    const { runtime, credentials, store, servers } = options;
    this.#options = options;
    this.#renewer =
      store === null
        ? null
        : new Renewer({
            runtime,
            credentials,
            store,
            ask: (request, authorityPems) =>
              askRenewal(runtime.network, servers(), { authorityPems }, request),
            renewed: () => undefined,
          });
  }

  get credentials(): Credentials {
    return this.#renewer?.credentials ?? this.#options.credentials;
  }

  disbelieved(): void {
    this.#renewer?.want();
  }

  /**
   * Believes these authorities from now on, once that is on the disk. A list by which our own certificate is nobody's
   * says that another authority signs: then the certificate is renewed, not all at once.
   */
  trusted({ authorities, signer, spreadMs }: LinkMessageOf<'trust'>): void {
    const { store, runtime } = this.#options;
    const renewer = this.#renewer;
    if (store === null || renewer === null) return;
    if (renewer.credentials.authorityPems.map(trimmed).join() !== authorities.map(trimmed).join())
      void this.#believe(store, renewer, authorities);
    const issuer = issuerOf(renewer.credentials.certificatePem, authorities);
    if (issuer !== null && fingerprintOf(issuer) === signer) return;
    this.#follow?.cancel();
    this.#follow = runtime.timers.after(runtime.random.int(Math.max(1, spreadMs)), () => renewer.want());
  }

  async #believe(store: IdentityStore, renewer: Renewer, authorityPems: readonly string[]): Promise<void> {
    const { log } = this.#options.runtime;
    try {
      await store.believe(authorityPems);
      renewer.believe(authorityPems);
      log.info('other authorities are believed from now on', { count: authorityPems.length });
    } catch (error) {
      log.error('whom to believe could not be written down', { error: textOf(error) });
    }
  }

  [Symbol.dispose](): void {
    this.#follow?.cancel();
    this.#renewer?.close();
  }
}

function trimmed(pem: string): string {
  return pem.trim();
}
