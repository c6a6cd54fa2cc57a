import type { Uuid } from '../../src/model/uuid.ts';
import type { KeeperMessage, ServerMessage } from '../../src/pool/grants.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';

interface Place {
  readonly process: SimProcess;
  say(message: ServerMessage): void;
}

/** Carries what keepers ask each other between their server processes, where real ones have the link. */
export class QuestionPost {
  readonly #world: World;
  readonly #places = new Map<Uuid, Place>();

  constructor(world: World) {
    this.#world = world;
  }

  join(coreId: Uuid, place: Place): void {
    this.#places.set(coreId, place);
  }

  carry(from: Uuid, message: Extract<KeeperMessage, { kind: 'ask' | 'answer' | 'standing' }>): void {
    if (message.kind === 'ask') {
      const { kind: _, members, ...question } = message;
      for (const member of members) this.#send(from, member, { kind: 'asked', from, ...question });
    } else if (message.kind === 'standing') {
      const { kind: _, ...standing } = message;
      for (const member of this.#places.keys())
        if (member !== from) this.#send(from, member, { kind: 'stands', from, ...standing });
    } else {
      const { kind: _, to, ...answer } = message;
      this.#send(from, to, { kind: 'confirmed', from, ...answer });
    }
  }

  #send(from: Uuid, to: Uuid, message: ServerMessage): void {
    const { scheduler, network } = this.#world;
    const [sender, receiver] = [this.#places.get(from)?.process, this.#places.get(to)?.process];
    if (!sender || !receiver) return;
    const [source, target] = [sender.site, receiver.site];
    const atMs = sender.localMs() + network.links.delayMs(source, target);
    scheduler.at(atMs, 'question', () => {
      const place = this.#places.get(to);
      if (network.links.isCut(source, target) || !place) return;
      scheduler.after(0, message.kind, () => place.say(message), { owner: place.process });
    });
  }
}
