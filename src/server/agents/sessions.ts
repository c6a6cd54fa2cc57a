import type { LinkConnection } from '../../link/connection.ts';
import type { AuditDraft } from '../../model/audit.ts';
import type { ServerDefinition } from '../../model/definitions.ts';
import type { Positions } from '../../model/origin.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { ActionCarrier } from '../actions/action-carrier.ts';
import { AgentSession } from './agent-session.ts';
import type { ServerConfig } from '../config.ts';
import type { Copies } from '../health/copies.ts';
import type { Deployment } from './deployment.ts';
import type { DepotGate } from '../depot/serve-depot.ts';
import type { DepotSource, ServerDepot } from '../depot/server-depot.ts';
import type { ExternalNodes } from './external-nodes.ts';
import type { AgentConnection, Session } from './gateway.ts';
import type { GoBack } from './go-back.ts';
import type { NodeConnections } from './node-connections.ts';
import { PeerReceiver } from '../peers/peer-receiver.ts';
import type { Questions } from '../roles/questions.ts';
import type { Counters } from '../server-metrics.ts';
import type { SnapshotExchange } from '../snapshots/snapshot-exchange.ts';
import type { Store } from '../store.ts';

interface Ports {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly durability: ServerConfig['durability'];
  readonly copies: Copies;
  readonly counters: Counters;
  readonly goBack: GoBack;
  readonly nodeConnections: NodeConnections;
  readonly deployment: Deployment;
  readonly actions: ActionCarrier;
  readonly depot: ServerDepot;
  readonly externalNodes: ExternalNodes;
  readonly snapshots: SnapshotExchange;
  readonly questions: Questions;
  isConnected(node: Uuid): boolean;
  /** Something was refused. */
  denied(draft: Omit<AuditDraft, 'outcome'>): void;
}

/** What is done for whoever was let in: an agent's batches are taken, a server's entries received. */
export class Sessions {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  agent(agent: AgentConnection): Session {
    const { runtime, store, copies, durability, counters, goBack, nodeConnections, deployment } = this.#ports;
    const session = new AgentSession(agent.connection, agent.node, {
      ...runtime,
      journal: store.journal,
      copies,
      durability,
      split: (batch) => this.#ports.externalNodes.split(batch),
      counted: (what, count) => {
        counters.add(what, count);
        if (what === 'messages' && agent.via !== null) counters.addVia(agent.via, count);
      },
    });
    if (agent.guestOf !== null) return guestSession(agent, session);
    const { actions } = this.#ports;
    const carried = actions.connected(agent.node, agent.connection);
    const files = this.#ports.depot.serve(agent.connection, this.#gateOf(agent));
    agent.connection.onMessage((message, body) => {
      if (message.type === 'actionReady') return actions.ready(agent.node, agent.connection, message);
      if (message.type === 'actionReports') return actions.told(agent.node, agent.connection, message, body);
      if (message.type === 'depotPlease') return files.asked(message.sha256);
      if (message.type !== 'policiesRunning') return session.take(message, body);
      nodeConnections.runs(agent, message);
      const { system } = agent;
      deployment.told(agent.connection, agent.node, message, {
        address: agent.connection.remoteAddress,
        system,
      });
    });
    nodeConnections.tell(agent, true);
    const guest = goBack.add(agent, () => session.isIdle);
    return {
      ended: () => {
        guest.remove();
        carried.ended();
        deployment.gone(agent.connection);
        session.ended();
        // Else it has connected anew, on another connection.
        if (!this.#ports.isConnected(agent.node.coreId)) nodeConnections.tell(agent, false);
      },
    };
  }

  /** Its policies name the file, or an action that it was asked to do. */
  #gateOf({ node, connection }: AgentConnection): DepotGate {
    const { deployment, actions } = this.#ports;
    return {
      mayHave: (sha256) => deployment.names(connection, node.name, sha256) || actions.names(node, sha256),
      denied: (sha256) =>
        this.#ports.denied({
          kind: 'agent',
          by: node.name,
          coreId: node.coreId,
          from: connection.remoteAddress,
          action: 'depot.read',
          target: sha256,
          detail: 'neither its policies nor an action names that file',
          session: null,
        }),
    };
  }

  server(connection: LinkConnection, server: ServerDefinition, told: Positions): Session {
    const { runtime, store, snapshots, questions, counters, depot } = this.#ports;
    const source: DepotSource = { coreId: server.coreId, connection };
    const snapshot = snapshots.receiveFrom(connection, server);
    const receiver = new PeerReceiver(connection, told, {
      ...runtime,
      journal: store.journal,
      peerName: server.name,
      stateHash: () => store.messages.stateHash(),
      epochs: () => store.messages.highestEpochs(),
      received: () => counters.allVia(),
      trimmed: (origin, from) => snapshot.trimmed(origin, from),
      asked: (question) => questions.asked(connection, question),
      stands: (standing) => questions.stands(connection, standing),
      snapshotPart: (message, body) => snapshot.part(message, body),
      depotHave: (message) => depot.told(source, message),
      depotPart: (message, body) => depot.part(source, message, body),
      depotNone: (message) => depot.none(source, message),
    });
    depot.connected(source);
    return {
      ended: () => {
        receiver.ended();
        depot.gone(source);
        snapshot.ended();
        questions.ended(connection);
      },
    };
  }
}

/** The agent of another pool brings messages; where it is connected, and what it does, is a matter of its own pool. */
function guestSession({ connection }: AgentConnection, session: AgentSession): Session {
  connection.onMessage((message, body) => session.take(message, body));
  return session;
}
