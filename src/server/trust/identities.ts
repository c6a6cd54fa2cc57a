import { keys } from '../../model/definitions.ts';
import { textOf } from '../../model/errors.ts';
import {
  certificateRecordSchema,
  revocationSchema,
  type CertificateRecord,
  type RenewAnswer,
  type RenewRequest,
  type Revocation,
} from '../../model/trust.ts';
import type { Identity } from '../../model/identity.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Credentials, Listener, ListenOptions, OtherPoolTrust } from '../../runtime/network.ts';
import { whyRefused, whyRevoked, type Remembered } from '../../security/admission.ts';
import { identityFileStore, type IdentityStore } from '../../security/identity-store.ts';
import { fingerprintOf, issuerOf } from '../../security/certificate-info.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import { Renewer } from '../../security/renewer.ts';
import { HeardRevocations } from './heard-revocations.ts';
import { InterfaceCertificates } from './interface-certificates.ts';
import type { ServerState } from '../server-state.ts';
import { serverPaths } from '../server-paths.ts';

const toldMax = 500;

/**
 * Who this server is, and who counts for it: its certificate and the listeners that show it, and what the pool remembers
 * of everybody else's.
 */
export class Identities implements Remembered {
  readonly #state: Pick<ServerState, 'parts' | 'mirror' | 'pool' | 'authorities'>;
  readonly #interfaces: InterfaceCertificates;
  /** With the role of the virtual interface that is answered for there; null for our own. */
  readonly #listeners = new Map<Listener, string | null>();
  #credentials: Credentials;
  #renewer: Renewer | null = null;
  #store: IdentityStore | null = null;
  readonly #heard: HeardRevocations;
  #onHeard = (): void => undefined;

  constructor(state: Pick<ServerState, 'parts' | 'mirror' | 'pool' | 'authorities'>) {
    this.#state = state;
    this.#credentials = state.parts.credentials;
    const { runtime, config } = state.parts;
    this.#heard = new HeardRevocations(runtime, serverPaths(config.data).revoked);
    this.#interfaces = new InterfaceCertificates(state, () => this.#show());
  }

  get credentials(): Credentials {
    return this.#credentials;
  }

  revocation(coreId: Uuid): Revocation | null {
    return this.#state.mirror.get(keys.revocation(coreId), revocationSchema) ?? this.#heard.get(coreId);
  }

  /** The newest, as many as one message holds. */
  revocations(): readonly Revocation[] {
    const known = new Map(
      [...this.#heard.all(), ...this.#state.mirror.list(keys.revocations, revocationSchema)].map(
        (revocation) => [revocation.coreId, revocation],
      ),
    );
    return [...known.values()].toSorted((a, b) => b.atMs - a.atMs).slice(0, toldMax);
  }

  /** What another server knows of revocations. */
  heard(revocations: readonly Revocation[]): void {
    const isKnown = (coreId: Uuid): boolean => this.revocation(coreId) !== null;
    if (!this.#heard.add(revocations, isKnown)) return;
    this.recheck();
    this.#onHeard();
  }

  onHeard(listener: () => void): void {
    this.#onHeard = listener;
  }

  /** Reads what other servers said in an earlier run. */
  recall(): Promise<void> {
    return this.#heard.recall();
  }

  /** True as soon as another server has said who was revoked. */
  heardFromAnother(withinMs: number): Promise<boolean> {
    return this.#heard.firstWithin(withinMs);
  }

  record(coreId: Uuid): CertificateRecord | null {
    return this.#state.mirror.get(keys.certificate(coreId), certificateRecordSchema);
  }

  /**
   * Opens a listener that shows our certificate, or that of the virtual interface which it is for, also the ones to come,
   * and refuses whom the pool refuses.
   */
  async listen(
    options: Omit<ListenOptions, 'credentials' | 'whyRefused' | 'otherPools'>,
    role: string | null = null,
  ): Promise<Listener> {
    const { network, clock } = this.#state.parts.runtime;
    const listener = await network.listen({
      ...options,
      credentials: this.#shownFor(role),
      otherPools: () => this.#otherPools(),
      whyRefused: (peer, certificate, connection) =>
        connection === 'new'
          ? (whyRefused(peer, certificate, this, clock.wallMs())?.message ?? null)
          : this.#whyLetGo(peer),
    });
    this.#listeners.set(listener, role);
    this.#showOn(listener, role);
    const close = (): Promise<void> => {
      this.#listeners.delete(listener);
      return listener.close();
    };
    return { ...listener, close };
  }

  /** Pools some of whose nodes may send messages here. */
  #otherPools(): OtherPoolTrust[] {
    const guests = this.#state.pool.otherPools().filter(({ accept }) => accept.length > 0);
    return guests.map(({ id, authorities }) => ({ pool: id, authorityPems: authorities }));
  }

  /** A person is asked about at each request; what goes on for long has to end when they are taken away. */
  #whyLetGo(peer: Identity): string | null {
    const { pool } = this.#state;
    const isGone = peer.kind === 'user' && pool.pool() !== null && (pool.user(peer.coreId)?.disabled ?? true);
    return whyRevoked(peer, this)?.message ?? (isGone ? 'there is no such user (any more)' : null);
  }

  /** Somebody was revoked or taken away: whoever of them is connected is let go. */
  recheck(): void {
    for (const listener of this.#listeners.keys()) listener.recheck();
  }

  /** A server that has no authority's key keeps the certificate that it was given. */
  async start(renew: (request: RenewRequest) => Promise<RenewAnswer>): Promise<void> {
    const { runtime, config } = this.#state.parts;
    const { authority, identity } = serverPaths(config.data);
    if ((await runtime.files.status(authority)) === null) return;
    await this.#state.authorities.sealKeys();
    const write = (credentials: Credentials): Promise<void> =>
      writeIdentityFile(runtime.files, identity, credentials);
    const store = identityFileStore(runtime.files, identity, write);
    this.#store = store;
    this.#renewer = new Renewer({
      runtime,
      credentials: this.#credentials,
      store,
      ask: (request) => renew(request),
      renewed: (credentials) => this.#use(credentials),
    });
    this.trustChanged();
    void this.#interfaces.start();
  }

  /** Virtual interfaces were defined or removed. */
  rolesChanged(): void {
    this.#interfaces.definitionsChanged();
  }

  /**
   * Other authorities are believed now, or another signs for servers: our own certificate follows, and so do the listeners.
   * Nothing to do where nothing was changed since the pool was founded.
   */
  trustChanged(): void {
    const { pool, authorities, parts } = this.#state;
    const [definition, trust] = [pool.pool(), authorities.trust()];
    if (definition === null || trust === null || this.#renewer === null) return;
    this.#interfaces.definitionsChanged();
    const believed = authorities.believed(definition);
    const issuer = issuerOf(this.#credentials.certificatePem, believed);
    if (believed.join() !== this.#credentials.authorityPems.join()) {
      const credentials = { ...this.#credentials, authorityPems: believed };
      this.#renewer.believe(believed);
      this.#use(credentials);
      this.#store?.believe(believed).catch((error: unknown) =>
        parts.runtime.log.error('whom this server believes could not be written down', {
          error: textOf(error),
        }),
      );
    }
    if (issuer === null || fingerprintOf(issuer) !== trust.signsServers) this.#renewer.want();
  }

  /** Null while nothing was changed since the pool was founded. */
  trustForAgents(): { authorities: string[]; signer: string } | null {
    const { pool, authorities } = this.#state;
    const [definition, trust] = [pool.pool(), authorities.trust()];
    if (definition === null || trust === null) return null;
    return { authorities: authorities.believed(definition).slice(0, 5), signer: trust.signsOthers };
  }

  close(): void {
    this.#renewer?.close();
    this.#interfaces.close();
  }

  #use(credentials: Credentials): void {
    this.#credentials = credentials;
    this.#show();
  }

  #shownFor(role: string | null): Credentials {
    return (role === null ? null : this.#interfaces.of(role)) ?? this.#credentials;
  }

  #show(): void {
    for (const [listener, role] of this.#listeners) this.#showOn(listener, role);
  }

  /** Behind a load balancer interfaces share our own port: there the name that was dialled tells them apart. */
  #showOn(listener: Listener, role: string | null): void {
    try {
      listener.replaceCredentials(this.#shownFor(role));
      listener.showByName(this.#interfaces.byName());
    } catch (error) {
      this.#state.parts.runtime.log.error('a listener goes on with the certificate before', {
        port: listener.port,
        error: textOf(error),
      });
    }
  }
}
