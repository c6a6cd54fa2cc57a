import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { KeeperMessage, ServerMessage } from '../../pool/grants.ts';

type Ask = Extract<KeeperMessage, { kind: 'ask' }>;
type Answer = Extract<KeeperMessage, { kind: 'answer' }>;
type ConfirmPlease = LinkMessageOf<'confirmPlease'>;
type Standing = Extract<KeeperMessage, { kind: 'standing' }>;

interface Ports {
  /** On our own connection to that member; nowhere when it is away or speaks an older protocol. */
  toMember(coreId: Uuid, question: ConfirmPlease): void;
  /** To every member that is connected. */
  toAll(standing: LinkMessageOf<'standing'>): void;
  toKeeper(message: ServerMessage): void;
}

/**
 * Carries what keepers tell each other of the coordinator, and what they ask each other while it is away: ours asks through our connections to the
 * members, theirs through their connections to us, and answers go back the way the questions came. Nothing is
 * decided here and nothing repeated: the keepers count the time, and a lost question is a member that did not promise.
 */
export class Questions {
  readonly #ports: Ports;
  /** The connection on which each member asked last. */
  readonly #askers = new Map<Uuid, LinkConnection>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** From our keeper: a question to members, an answer to one that asked, or what all are told. */
  take(message: Ask | Answer | Standing): void {
    if (message.kind === 'ask') this.#ask(message);
    else if (message.kind === 'answer') this.#answer(message);
    else this.#tell(message);
  }

  #tell(told: Standing): void {
    const { kind: _, ...standing } = told;
    this.#ports.toAll({ type: 'standing', ...standing });
  }

  /** A member says which coordinator it knows; who it is stands in its certificate. */
  stands(connection: LinkConnection, standing: LinkMessageOf<'standing'>): void {
    const { type: _, ...said } = standing;
    this.#ports.toKeeper({ kind: 'stands', from: connection.peer.coreId, ...said });
  }

  #ask({ members, round, incarnation, ttlMs }: Ask): void {
    for (const coreId of members)
      this.#ports.toMember(coreId, { type: 'confirmPlease', round, incarnation, ttlMs });
  }

  #answer({ to, round, incarnation, promised, because }: Answer): void {
    this.#askers.get(to)?.send({ type: 'confirmed', round, incarnation, promised, because });
  }

  /** A member asks on its connection; who it is stands in its certificate. */
  asked(connection: LinkConnection, { round, incarnation, ttlMs }: ConfirmPlease): void {
    const from = connection.peer.coreId;
    this.#askers.set(from, connection);
    this.#ports.toKeeper({ kind: 'asked', from, round, incarnation, ttlMs });
  }

  /** A member answers on our connection to it. */
  answered(from: Uuid, { round, incarnation, promised, because }: LinkMessageOf<'confirmed'>): void {
    this.#ports.toKeeper({ kind: 'confirmed', from, round, incarnation, promised, because });
  }

  ended(connection: LinkConnection): void {
    const { coreId } = connection.peer;
    if (this.#askers.get(coreId) === connection) this.#askers.delete(coreId);
  }
}
