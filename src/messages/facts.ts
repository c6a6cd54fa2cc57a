import type { EntryBody } from '../model/entry.ts';
import type { Message } from '../model/message.ts';
import type { Version } from '../model/operation.ts';
import {
  isEarlier,
  isSameContent,
  type Arrival,
  type MessageRows,
  type PresentMessage,
} from './message-rows.ts';
import type { Raises } from './raises.ts';

/** Stores what nodes sent. Of a message that came twice the arrival with the lowest stamp counts, on every server. */
export class Facts {
  readonly #rows: MessageRows;
  readonly #raises: Raises;

  constructor(rows: MessageRows, raises: Raises) {
    this.#rows = rows;
    this.#raises = raises;
  }

  apply({ node, nodeName, messages }: EntryBody<'messages'>, stamp: Version): void {
    const arrival = this.#rows.arrival(node, nodeName, stamp);
    for (const message of messages)
      if (!this.#rows.insert(arrival, message, false)) this.#double(arrival, message);
  }

  #double(arrival: Arrival, message: Message): void {
    const known = this.#rows.find(message.id);
    if (known?.raised) this.#raises.contest(arrival.node, arrival.stamp, message);
    else if (known && isEarlier(arrival.stamp, known.stamp)) this.#replace(known, arrival, message);
  }

  #replace(known: PresentMessage, arrival: Arrival, message: Message): void {
    if (known.node === arrival.node && isSameContent(known, message))
      return this.#rows.restamp(known, arrival);
    this.#rows.remove(known);
    this.#rows.insert(arrival, message, false);
  }
}
