import { encodeBody } from '../journal/body.ts';
import { keys } from '../model/definitions.ts';
import type { NodeFacts } from '../model/node-definitions.ts';
import { aliveEveryMs } from '../pool/lease/timings.ts';
import type { Parent } from '../runtime/commands.ts';
import type { Listener } from '../runtime/network.ts';
import type { AutomaticActions } from './actions/automatic-actions.ts';
import { Acting } from './roles/acting.ts';
import { JournalTrimming } from './health/journal-trimming.ts';
import { KeeperLink } from './roles/keeper-link.ts';
import { MessageRules } from './message-rules/message-rules.ts';
import type { Questions } from './roles/questions.ts';
import { RoleRecorder } from './roles/role-recorder.ts';
import type { SharingLinks } from './sharing/sharing-links.ts';
import type { ServerState } from './server-state.ts';
import { SilenceView } from './roles/silence-view.ts';
import { VirtualInterfaces } from './roles/virtual-interfaces.ts';

interface Ports {
  readonly state: ServerState;
  readonly questions: Questions;
  /** What rules about nodes go by. */
  factsOf(nodeName: string): NodeFacts;
  readonly automatic: AutomaticActions;
  readonly sharing: Pick<SharingLinks, 'began' | 'ended'>;
  listen(host: string, port: number, role: string): Promise<Listener>;
  readonly stop: (because: string) => void;
}

/** What this server does because it holds a role, or because its keeper asks: decisions, virtual interfaces. */
export class ServerDuties {
  readonly virtualInterfaces: VirtualInterfaces;
  readonly #ports: Ports;
  readonly #roles: RoleRecorder;
  readonly #acting: Acting;
  readonly #rules: MessageRules;
  #keeper: KeeperLink | null = null;
  #trimming: JournalTrimming | null = null;

  constructor(ports: Ports) {
    const { state } = ports;
    const { runtime, config, store } = state.parts;
    this.#ports = ports;
    this.#roles = new RoleRecorder({
      ...runtime,
      journal: store.journal,
      grants: state.grants,
      ownMessages: state.ownMessages,
      ownName: state.self.name,
      serverName: (coreId) => state.pool.server(coreId)?.name ?? coreId,
    });
    this.virtualInterfaces = new VirtualInterfaces({
      ...runtime,
      grants: state.grants,
      definition: (role) => state.pool.role(role),
      listen: (host, port, role) => ports.listen(host, port, role),
      own: config.listen,
      took: (grant) => void this.#roles.took(grant),
      released: (role, epoch) => this.#keeper?.released(role, epoch),
    });
    this.#rules = this.#makeRules();
    this.#acting = this.#makeActing();
  }

  /** Without a keeper no role is ever held. */
  start(parent: Parent | null): void {
    this.#trimming = this.#makeTrimming();
    if (parent) this.#keeper = this.#makeKeeperLink(parent);
  }

  /** Definitions with these keys have changed. */
  definitionsChanged(touched: (prefix: string) => boolean): void {
    const ofRules = [
      keys.policies,
      keys.statusVariables,
      keys.allNodeAttributes,
      keys.otherPools,
      keys.trust,
      keys.servers,
      keys.roles,
    ];
    if (ofRules.some((prefix) => touched(prefix))) this.#rules.policiesChanged();
  }

  say(message: Parameters<KeeperLink['say']>[0]): void {
    this.#keeper?.say(message);
  }

  close(): void {
    this.#keeper?.close();
    this.#acting.close();
    this.#ports.state.grants.close();
    this.#trimming?.close();
  }

  #makeTrimming(): JournalTrimming {
    const { state } = this.#ports;
    const { runtime, config, store } = state.parts;
    return new JournalTrimming({
      ...runtime,
      journal: store.journal,
      limits: config.journal,
      members: () => state.otherServers().map(({ coreId }) => state.members.forTrimming(coreId)),
      self: state.self,
      ownMessages: state.ownMessages,
    });
  }

  #makeActing(): Acting {
    const { pool, parts, grants } = this.#ports.state;
    const { runtime, store } = parts;
    const silence = new SilenceView({
      messages: store.messages,
      nodes: () => pool.nodes(),
      clock: runtime.clock,
      liveOrigins: () => pool.servers().flatMap(({ coreId }) => pool.liveOriginOf(coreId) ?? []),
    });
    store.journal.onCommit((entries) => silence.changed(entries));
    grants.listen({ gained: () => silence.forget(), lost: () => undefined });
    return new Acting({
      ...runtime,
      grants,
      takeOver: (grant) => this.#roles.took(grant),
      appendDecisions: (body) =>
        store.journal.append({ kind: 'decisions', body: encodeBody('decisions', body) }, body),
      silence,
      began: (grant) => {
        this.#rules.began(grant);
        this.#ports.sharing.began();
      },
      ended: () => {
        this.#rules.ended();
        this.#ports.sharing.ended();
      },
    });
  }

  #makeRules(): MessageRules {
    const { state } = this.#ports;
    const { runtime, store } = state.parts;
    const rules = new MessageRules({
      ...runtime,
      grants: state.grants,
      journal: store.journal,
      messages: store.messages,
      policies: () => state.pool.policies(),
      statusVariables: () => state.pool.statusVariables(),
      ownPool: state.parts.config.pool.id,
      systems: () => state.pool.managerSystems(),
      ownMessages: state.ownMessages,
      automatic: this.#ports.automatic,
      factsOf: (nodeName) => this.#ports.factsOf(nodeName),
      isInGroup: (nodeName, group) => state.pool.isInGroup(nodeName, group),
      append: (body) =>
        store.journal.append({ kind: 'decisions', body: encodeBody('decisions', body) }, body),
    });
    store.journal.onCommit(() => rules.committed());
    return rules;
  }

  #makeKeeperLink(parent: Parent): KeeperLink {
    const { state, questions, stop } = this.#ports;
    const { runtime, config, store } = state.parts;
    return new KeeperLink({
      ...runtime,
      parent,
      aliveEveryMs: aliveEveryMs(config.lease),
      grants: state.grants,
      alive: () => ({
        kind: 'alive',
        origin: store.journal.origin,
        ...state.health.now(),
        epochs: state.members.highestEpochs(store.messages.highestEpochs()),
        positions: JSON.stringify(store.journal.positions()),
      }),
      coordinator: (known) => {
        state.coordinator.take(known);
        state.mirror.doubt(known.doubt !== null);
      },
      question: (message) => questions.take(message),
      stop,
    });
  }
}
