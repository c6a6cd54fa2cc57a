import { isEveryAddress, type Address } from '../../model/address.ts';
import { carrierAddress } from '../../model/carrier.ts';
import { textOf } from '../../model/errors.ts';
import { virtualInterfacePrefix, type RoleDefinition } from '../../model/definitions.ts';
import type { Grant } from '../../pool/grants.ts';
import type { Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Listener } from '../../runtime/network.ts';
import { sleep } from '../../runtime/timing.ts';
import type { GrantListener, Grants } from './grants.ts';

/** A rival's frozen process may own the port until our keeper has ended it; an address is there moments later. */
const bindAgainMs = { first: 5, later: 20 } as const;
/** So many attempts follow at once, since our keeper puts an address up while its server hears of the role. */
const quickAttempts = 20;
/** So often an attempt to bind an address that the keeper is putting up may fail before it is worth a line in the log. */
const quietAttempts = 40;

interface Ports {
  readonly grants: Grants;
  readonly timers: Timers;
  readonly log: Log;
  definition(role: string): RoleDefinition | null;
  /** Opens a listener that shows the certificate of that role's interface. */
  listen(host: string, port: number, role: string): Promise<Listener>;
  /** Where the server itself listens. */
  readonly own: Address;
  /** This server answers for the role from now on. */
  took(grant: Grant): void;
  /** The listener is closed and nothing of us answers there any more. */
  released(role: string, epoch: number): void;
}

/**
 * What this server does for the virtual interfaces that it holds. Carriers `listen` and `address`: the address and port
 * are bound exactly while the role is granted, and losing the grant drops the listener and every connection on it, so
 * that agents and consoles go to the new holder; the address of the carrier `address` is put there, and taken away, by
 * the keeper. With a load balancer, which asks `GET /healthz/virtual/NAME`, what comes arrives at this server's own port.
 */
export class VirtualInterfaces implements GrantListener {
  readonly #ports: Ports;
  readonly #open = new Map<string, { readonly epoch: number; readonly listener: Listener | null }>();
  /** Attempts to bind that are under way, by role and epoch. */
  readonly #binding = new Map<string, Promise<void>>();

  constructor(ports: Ports) {
    this.#ports = ports;
    ports.grants.listen(this);
  }

  gained(grant: Grant): void {
    const { role, epoch } = grant;
    if (!role.startsWith(virtualInterfacePrefix)) return;
    const attempt = `${role} ${epoch}`;
    const ended = this.#bind(grant).finally(() => {
      if (this.#binding.get(attempt) === ended) this.#binding.delete(attempt);
    });
    this.#binding.set(attempt, ended);
  }

  lost(role: string, epoch: number): void {
    if (!role.startsWith(virtualInterfacePrefix)) {
      this.#ports.released(role, epoch);
      return;
    }
    const open = this.#open.get(role);
    this.#open.delete(role);
    void this.#close(role, epoch, open);
  }

  /** Whether this server answers for the virtual interface `name` now. */
  answers(name: string): boolean {
    const role = virtualInterfacePrefix + name;
    return this.#open.has(role) && this.#ports.grants.current(role) !== null;
  }

  listeners(): Listener[] {
    return [...this.#open.values()].flatMap(({ listener }) => listener ?? []);
  }

  /** Keeps at it while the role is ours: a rival may own the port still, and the definition may come after the grant. */
  async #bind({ role, epoch, ...rest }: Grant): Promise<void> {
    const { grants, timers, log } = this.#ports;
    const held = (): boolean => grants.current(role)?.epoch === epoch;
    let toldWhy = '';
    for (let attempts = 0; held(); attempts++) {
      const why = await this.#tryBind(role, epoch, held);
      if (why === null) return held() ? this.#ports.took({ role, epoch, ...rest }) : undefined;
      const { kind } = this.#ports.definition(role)?.carrier ?? { kind: 'listen' as const };
      if (why !== toldWhy && attempts >= (kind === 'address' ? quietAttempts : 0)) {
        log.warn('virtual interface cannot be bound yet', { role, epoch, error: why });
        toldWhy = why;
      }
      await sleep(timers, attempts < quickAttempts ? bindAgainMs.first : bindAgainMs.later);
    }
  }

  /** Null when it is bound or not ours any more, else why it cannot be bound yet. */
  async #tryBind(role: string, epoch: number, held: () => boolean): Promise<string | null> {
    const carrier = this.#ports.definition(role)?.carrier;
    if (!carrier) return 'its definition is not here yet';
    // Where this server listens on every address, it listens on this one too.
    const { own } = this.#ports;
    const isHeard = carrier.kind === 'address' && isEveryAddress(own) && own.port === carrier.port;
    if (carrier.kind === 'load-balancer' || isHeard) {
      this.#open.set(role, { epoch, listener: null });
      this.#ports.log.info('virtual interface is ours', { role, epoch, carrier: carrier.kind });
      return null;
    }
    try {
      const host = carrier.kind === 'address' ? carrier.address : carrier.host;
      const listener = await this.#ports.listen(host, carrier.port, role);
      if (!held()) {
        await listener.close();
        return null;
      }
      this.#open.set(role, { epoch, listener });
    } catch (error) {
      return textOf(error);
    }
    const address = carrierAddress(carrier);
    this.#ports.log.info('virtual interface answers here', { role, epoch, address });
    return null;
  }

  async #close(role: string, epoch: number, open?: { readonly listener: Listener | null }): Promise<void> {
    // Nothing to close, closed here, or by the attempt to bind that finds the role gone.
    await (open ? open.listener?.close() : this.#binding.get(`${role} ${epoch}`));
    this.#ports.log.info('virtual interface does not answer here any more', { role, epoch });
    this.#ports.released(role, epoch);
  }
}
