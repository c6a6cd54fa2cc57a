import type { Credentials } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { askRenewal } from '../security/ask-renewal.ts';
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

  [Symbol.dispose](): void {
    this.#renewer?.close();
  }
}
