import { codeOf, errorTable, textOf, WatchError } from '../model/errors.ts';
import { identityUri, type Identity } from '../model/identity.ts';
import type { RenewAnswer, RenewRequest } from '../model/trust.ts';
import type { Timer } from '../runtime/clock.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { certificateInfo, issuerOf, keySha256 } from './certificate-info.ts';
import type { IdentityStore } from './identity-store.ts';
import { makeRenewal } from './proof.ts';
import { decideRenewal, lookEveryMs, type RenewalState } from './renewal-plan.ts';

export interface RenewerOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'random' | 'log'>;
  readonly credentials: Credentials;
  readonly store: IdentityStore;
  /** Has the request answered by a server (ask-renewal.ts), or answers it here. */
  readonly ask: (request: RenewRequest, believed: readonly string[]) => Promise<RenewAnswer>;
  /** The new certificate is on the disk: new connections use it, those that are open go on. */
  readonly renewed: (credentials: Credentials) => void;
}

/**
 * Keeps an identity's certificate young. Modes: waiting (a timer looks now and then), renewing, closed.
 * waiting -> renewing when `decideRenewal` says so; back to waiting whatever comes of it.
 */
export class Renewer {
  readonly #options: RenewerOptions;
  #credentials: Credentials;
  #state: RenewalState;
  readonly #identity: Identity;
  #timer: Timer | null = null;
  #isRenewing = false;
  #closed = false;

  constructor(options: RenewerOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
    const info = certificateInfo(options.credentials.certificatePem);
    if (info.identity === null)
      throw new WatchError('WK_CONFIG', 'the certificate names nobody of a Watchkeeper pool');
    this.#identity = info.identity;
    this.#state = {
      kind: info.identity.kind,
      validity: info,
      heldAtMs: options.runtime.clock.monotonicMs(),
      isFresh: false,
      wanted: false,
      failedAtMs: null,
      failures: 0,
      draw: this.#draw(),
    };
    // The first look comes at once, since the machine may have been off for weeks.
    this.#look();
  }

  get credentials(): Credentials {
    return this.#credentials;
  }

  /** A server did not take our certificate, or another authority signs now. */
  want(): void {
    this.#state = { ...this.#state, wanted: true };
    this.#look();
  }

  /** Believes these from now on; what was learnt is on the disk. */
  believe(authorityPems: readonly string[]): void {
    this.#credentials = { ...this.#credentials, authorityPems };
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #look(): void {
    if (this.#closed || this.#isRenewing) return;
    const { clock, timers } = this.#options.runtime;
    this.#timer?.cancel();
    const decision = decideRenewal(this.#state, clock.wallMs(), clock.monotonicMs());
    if (decision.do === 'wait') {
      const everyMs = lookEveryMs(this.#state.kind, this.#state.validity);
      // While one is wanted or an attempt failed, the back-off is what counts.
      const soonMs = this.#state.wanted || this.#state.failures > 0 ? Math.min(everyMs, 30_000) : everyMs;
      this.#timer = timers.after(soonMs, () => this.#look());
      return;
    }
    this.#isRenewing = true;
    void this.#renew(decision.because).finally(() => {
      this.#isRenewing = false;
      this.#look();
    });
  }

  /** Never rejects: an attempt that failed is made again. */
  async #renew(because: string): Promise<void> {
    const { runtime, store, ask, renewed } = this.#options;
    try {
      const next = await store.nextKey();
      const answer = await ask(makeRenewal(this.#credentials, next), this.#credentials.authorityPems);
      const credentials = { ...answer, keyPem: next.keyPem };
      this.#check(credentials);
      await store.replace(credentials);
      if (this.#closed) return;
      this.#took(credentials);
      runtime.log.info('the certificate was renewed', { because, untilMs: this.#state.validity.notAfterMs });
      renewed(credentials);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What does not fit would lock us out at the next start. */
  #check({ keyPem, certificatePem, authorityPems }: Credentials): void {
    const info = certificateInfo(certificatePem);
    const isOurs = info.identity !== null && identityUri(info.identity) === identityUri(this.#identity);
    if (!isOurs || info.keySha256 !== keySha256(keyPem) || issuerOf(certificatePem, authorityPems) === null)
      throw new WatchError('WK_PROTOCOL', 'the server answered with a certificate that is not ours');
  }

  #took(credentials: Credentials): void {
    this.#credentials = credentials;
    this.#state = {
      kind: this.#state.kind,
      validity: certificateInfo(credentials.certificatePem),
      heldAtMs: this.#options.runtime.clock.monotonicMs(),
      isFresh: true,
      wanted: false,
      failedAtMs: null,
      failures: 0,
      draw: this.#draw(),
    };
  }

  #failed(error: unknown): void {
    const { runtime } = this.#options;
    const { failures } = this.#state;
    const code = codeOf(error);
    const fields = { code, why: textOf(error), attempts: failures + 1 };
    if (!errorTable[code].retry && failures === 0)
      runtime.log.error('the certificate cannot be renewed; a person has to act', fields);
    else runtime.log.warn('the certificate could not be renewed; tried again later', fields);
    this.#state = {
      ...this.#state,
      failedAtMs: runtime.clock.monotonicMs(),
      failures: failures + 1,
      draw: this.#draw(),
    };
  }

  #draw(): number {
    return this.#options.runtime.random.int(1_000_000) / 1_000_000;
  }
}
