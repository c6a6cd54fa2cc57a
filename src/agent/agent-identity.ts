import type { LinkMessageOf } from '../link/messages.ts';
import { textOf, WatchError } from '../model/errors.ts';
import type { Timer } from '../runtime/clock.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { askEnrolment, type PendingEnrolment } from '../security/ask-enrolment.ts';
import { askRenewal } from '../security/ask-renewal.ts';
import { fingerprintOf, issuerOf } from '../security/certificate-info.ts';
import type { IdentityStore } from '../security/identity-store.ts';
import { Renewer } from '../security/renewer.ts';
import type { NodeName } from './buffer/batch.ts';

/** How an agent that was installed from a profile becomes a node of its pool. */
export interface Enrolling extends PendingEnrolment {
  /** The certificate is on the disk: what led to it is not needed any more. */
  done(): Promise<void>;
}

interface Options {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'random' | 'network' | 'log'>;
  readonly node: NodeName;
  /** What there is of a certificate: itself, or a way to one. */
  readonly credentials: Credentials | Enrolling;
  /** Null: the certificate stays as it is. */
  readonly store: IdentityStore | null;
  /** Where the pool may be, the preferred first. */
  readonly servers: () => readonly string[];
}

/**
 * The agent's certificate, renewed in time; each new connection takes what it is then. Modes: enrolling, enrolled.
 * enrolling -> enrolled when a server gave a certificate, and it is on the disk.
 */
export class AgentIdentity implements Disposable {
  readonly #options: Options;
  #enrolling: Enrolling | null;
  #credentials: Credentials | null;
  #renewer: Renewer | null = null;
  #follow: Timer | null = null;
  #closed = false;

  constructor(options: Options) {
    const { credentials } = options;
    this.#options = options;
    const isEnrolled = 'certificatePem' in credentials;
    this.#enrolling = isEnrolled ? null : credentials;
    this.#credentials = isEnrolled ? credentials : null;
    if (isEnrolled) this.#renew(credentials);
  }

  /** Null while the agent has none: it asks for one (`enrol`) before it connects. */
  get credentials(): Credentials | null {
    return this.#renewer?.credentials ?? this.#credentials;
  }

  /** Exchanges the token for a certificate at that server. Errors: as `askEnrolment` says, and those of the disk. */
  async enrol(server: string): Promise<Credentials> {
    const { runtime, node, store } = this.#options;
    const enrolling = this.#enrolling;
    if (this.#credentials !== null) return this.#credentials;
    if (enrolling === null || store === null)
      throw new WatchError('WK_UNAUTHENTICATED', 'this agent has neither a certificate nor a token for one');
    const credentials = await askEnrolment(runtime.network, server, node, enrolling);
    await store.replace(credentials);
    await enrolling.done();
    this.#enrolling = null;
    this.#credentials = credentials;
    runtime.log.info('this node has joined its pool', { server });
    if (!this.#closed) this.#renew(credentials);
    return credentials;
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

  #renew(credentials: Credentials): void {
    const { runtime, store, servers } = this.#options;
    if (store === null) return;
    this.#renewer = new Renewer({
      runtime,
      credentials,
      store,
      ask: (request, authorityPems) => askRenewal(runtime.network, servers(), { authorityPems }, request),
      renewed: () => undefined,
    });
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
    this.#closed = true;
    this.#follow?.cancel();
    this.#renewer?.close();
  }
}

function trimmed(pem: string): string {
  return pem.trim();
}
