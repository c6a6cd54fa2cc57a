import { textOf } from '../../model/errors.ts';
import { virtualInterfacePrefix } from '../../model/definitions.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Credentials } from '../../runtime/network.ts';
import { every } from '../../runtime/timing.ts';
import { certificateInfo } from '../../security/certificate-info.ts';
import { issueInterface } from '../../security/interface-identity.ts';
import { serverPaths } from '../server-paths.ts';
import type { ServerState } from '../server-state.ts';

/** IPv6 has colons, and no host name ends with a number. */
function isAddress(host: string): boolean {
  return host.includes(':') || /\.?\d+$/.test(host);
}

const lookEveryMs = 3_600_000;

/**
 * What this server shows where it answers for a virtual interface. Made ahead of time, for all that are defined, since a
 * takeover has no time for it, and kept in memory alone: the next start makes new ones.
 */
export class InterfaceCertificates {
  readonly #state: Pick<ServerState, 'parts' | 'pool' | 'authorities'>;
  readonly #changed: () => void;
  readonly #made = new Map<
    string,
    { readonly host: string; readonly by: string; readonly credentials: Credentials }
  >();
  #looking: Timer | null = null;
  #isMaking = false;
  #again = false;

  /** `changed`: listeners may show another certificate now. */
  constructor(state: Pick<ServerState, 'parts' | 'pool' | 'authorities'>, changed: () => void) {
    this.#state = state;
    this.#changed = changed;
  }

  /** Null while there is none: then the server shows its own. */
  of(role: string): Credentials | null {
    return this.#made.get(role)?.credentials ?? null;
  }

  /** Those whose host is a name: an address is never said in a handshake. */
  byName(): ReadonlyMap<string, Credentials> {
    const named = [...this.#made.values()].filter(({ host }) => !isAddress(host));
    return new Map(named.map(({ host, credentials }) => [host, credentials]));
  }

  /** A server that has no authority's key makes none. */
  async start(): Promise<void> {
    const { files, timers } = this.#state.parts.runtime;
    if ((await files.status(serverPaths(this.#state.parts.config.data).authority)) === null) return;
    this.#looking = every(timers, lookEveryMs, () => this.#look());
    await this.#look();
  }

  /** Virtual interfaces were defined or removed, or other authorities are believed now. */
  definitionsChanged(): void {
    if (this.#looking !== null) void this.#look();
  }

  close(): void {
    this.#looking?.cancel();
    this.#looking = null;
  }

  async #look(): Promise<void> {
    this.#again = true;
    if (this.#isMaking) return;
    this.#isMaking = true;
    try {
      while (this.#again) {
        this.#again = false;
        if (await this.#make()) this.#changed();
      }
    } catch (error) {
      const { log } = this.#state.parts.runtime;
      log.error('certificates of virtual interfaces could not be made; the server shows its own', {
        error: textOf(error),
      });
    } finally {
      this.#isMaking = false;
    }
  }

  /** Whether any was made or forgotten. */
  async #make(): Promise<boolean> {
    const { pool, authorities, parts } = this.#state;
    const definition = pool.pool();
    if (definition === null) return false;
    const signer = await authorities.signer('server');
    const believed = authorities.believed(definition);
    const by = [signer.certificatePem, ...believed].join();
    let isChanged = false;
    const defined = new Map(pool.roles().map((one) => [one.role, one.carrier]));
    for (const role of this.#made.keys())
      if (!defined.has(role)) isChanged = this.#made.delete(role) || isChanged;
    for (const [role, carrier] of defined) {
      if (carrier === null || !role.startsWith(virtualInterfacePrefix)) continue;
      const host = carrier.kind === 'address' ? carrier.address : carrier.host;
      const made = this.#made.get(role);
      if (made?.host === host && made.by === by && !this.#isHalfOver(made.credentials)) continue;
      const what = { pool: definition.id, role, host };
      this.#made.set(role, {
        host,
        by,
        credentials: await issueInterface(signer, what, believed, parts.runtime),
      });
      isChanged = true;
    }
    return isChanged;
  }

  #isHalfOver({ certificatePem }: Credentials): boolean {
    const { notBeforeMs, notAfterMs } = certificateInfo(certificatePem);
    return this.#state.parts.runtime.clock.wallMs() > (notBeforeMs + notAfterMs) / 2;
  }
}
