import { managedMembers, parseManagedMembers } from '../../coordination/managed/etcd-files.ts';
import { embeddedPath } from '../../coordination/open.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import type { JoinAnswer, JoinRequest } from '../../model/api.ts';
import { agentDefaultsOf } from '../../model/agent-profile.ts';
import { keys, type Pool } from '../../model/definitions.ts';
import type { RenewAnswer, RenewRequest } from '../../model/trust.ts';
import { textOf, WatchError } from '../../model/errors.ts';
import type { IdentityKind } from '../../model/identity.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { certificateInfo } from '../../security/certificate-info.ts';
import { enrol } from '../../security/enrolment.ts';
import { renew } from '../../security/renewal.ts';
import { networkOf } from '../../model/network-of.ts';
import { TokenBuckets } from '../../security/token-bucket.ts';
import type { Authorities } from './authorities.ts';
import type { PoolView } from '../views/pool-view.ts';

/** What strangers may make this server compute; tokens and keys are unguessable anyway. */
const everyone = { burst: 100, perMinute: 600, callersMax: 1 };
const eachAddress = { burst: 20, perMinute: 120, callersMax: 10_000 };

interface Ports {
  readonly runtime: Runtime;
  readonly coordination: Coordination;
  /** The same for what is written into definitions, so that it is in their history. */
  readonly recorded: (by: string, via: string) => Coordination;
  readonly coordinationUrl: string;
  /** With the pool's own etcd: where its members are known to be by now. */
  readonly etcdMembers: () => Promise<readonly string[] | null>;
  readonly authorities: Authorities;
  readonly pool: PoolView;
  readonly ownName: string;
}

/** Enrols agents and servers with this server's copy of the authority, at a bounded rate. */
export class Enrolment {
  readonly #ports: Ports;
  readonly #everyone: TokenBuckets;
  readonly #addresses: TokenBuckets;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#everyone = new TokenBuckets(ports.runtime.clock, everyone);
    this.#addresses = new TokenBuckets(ports.runtime.clock, eachAddress);
  }

  /** Errors: as `enrol` says, and WK_OVERLOADED. */
  async join(request: JoinRequest, address: string): Promise<JoinAnswer> {
    const { runtime, coordination, coordinationUrl, etcdMembers, authorities, pool } = this.#ports;
    this.#bound(address);
    const definition = this.#definition();
    const authority = await authorities.signer(request.kind);
    // A file is for the processes of one machine; etcd has no such bound.
    const isManaged = parseManagedMembers(coordinationUrl) !== null;
    const endpoints = isManaged ? await etcdMembers() : null;
    const isOfMany = isManaged || embeddedPath(coordinationUrl) === null;
    const onlyBootId = isOfMany ? null : runtime.commands.self.bootId;
    const answer = await enrol(request, {
      ...runtime,
      coordination,
      coordinationUrl: endpoints === null ? coordinationUrl : managedMembers(endpoints),
      authority,
      forServer: await authorities.forNewServer(definition),
      pool: { ...definition, authorities: [...authorities.believed(definition)] },
      servers: pool.addresses(),
      onlyBootId,
      address,
    });
    runtime.log.info('enrolled', { kind: request.kind, name: request.name, coreId: request.coreId });
    if (request.kind !== 'agent') return answer;
    await this.#label(request.name);
    return { ...answer, installation: agentDefaultsOf(pool.installation()) };
  }

  /** As the pool's defaults say, where nothing was said of the node yet. It has joined, whatever becomes of this. */
  async #label(name: string): Promise<void> {
    const { pool, recorded, runtime } = this.#ports;
    const { labels = {} } = pool.installation();
    if (Object.keys(labels).length === 0 || pool.nodeAttributes(name) !== null) return;
    const by = 'setting/installation';
    const value = { name, labels, changedMs: runtime.clock.wallMs(), by };
    const key = keys.nodeAttributes(name);
    try {
      await recorded(by, 'agent join').transact({
        conditions: [{ key, revision: 0 }],
        writes: [{ key, value: JSON.stringify(value) }],
      });
    } catch (error) {
      runtime.log.warn('a new node did not get the labels of the pool', { node: name, error: textOf(error) });
    }
  }

  /** Errors: as `renew` says, and WK_OVERLOADED. */
  async renew(request: RenewRequest, address: string): Promise<RenewAnswer> {
    this.#bound(address);
    return this.#renew(request, false);
  }

  /** This server's own certificate, signed by itself. */
  renewOwn(request: RenewRequest): Promise<RenewAnswer> {
    return this.#renew(request, true);
  }

  async #renew(request: RenewRequest, isOwn: boolean): Promise<RenewAnswer> {
    const { runtime, coordination, authorities, ownName } = this.#ports;
    const pool = this.#definition();
    const authority = await authorities.signer(isOwn ? 'server' : kindOf(request));
    const by = `server ${ownName}`;
    return renew(request, {
      ...runtime,
      coordination,
      authority,
      pool: pool.id,
      authorityPems: authorities.believed(pool),
      by,
      isOwn,
    });
  }

  /** One address alone cannot use up what everyone has. */
  #bound(address: string): void {
    if (this.#addresses.take(networkOf(address)) && this.#everyone.take('everyone')) return;
    throw new WatchError('WK_OVERLOADED', 'too many join or renew at once; try again in a minute');
  }

  #definition(): Pool {
    const definition = this.#ports.pool.pool();
    if (!definition)
      throw new WatchError('WK_UNAVAILABLE', 'this server does not know its pool yet; try again');
    return definition;
  }
}

/** Which authority signs depends on it; what is no certificate at all is refused a moment later. */
function kindOf({ certificatePem }: RenewRequest): IdentityKind {
  try {
    return certificateInfo(certificatePem).identity?.kind ?? 'agent';
  } catch {
    return 'agent';
  }
}
