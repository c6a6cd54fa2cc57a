import type { Deleted, Item } from '../coordination.ts';
import { Event_EventType, type Event, type KeyValue } from './generated/etcd_pb.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A pool's keys as etcd stores them: behind the pool's prefix and a slash, in UTF-8. */
export class KeySpace {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = `${prefix}/`;
  }

  key(key: string): Uint8Array {
    return encoder.encode(this.#prefix + key);
  }

  /** All keys that start with `prefix`. */
  range(prefix: string): { key: Uint8Array; rangeEnd: Uint8Array } {
    const key = this.key(prefix);
    // The last byte can be raised: UTF-8 never has 0xff.
    const rangeEnd = key.slice();
    rangeEnd[rangeEnd.length - 1] = (rangeEnd.at(-1) ?? 0) + 1;
    return { key, rangeEnd };
  }

  item({ key, value, modRevision }: KeyValue): Item {
    return { key: this.#nameOf(key), value: decoder.decode(value), revision: Number(modRevision) };
  }

  change({ type, kv }: Event): (Item | Deleted)[] {
    if (kv === undefined) return [];
    if (type === Event_EventType.PUT) return [this.item(kv)];
    return [{ key: this.#nameOf(kv.key), value: null, revision: Number(kv.modRevision) }];
  }

  #nameOf(key: Uint8Array): string {
    return decoder.decode(key).slice(this.#prefix.length);
  }
}

export function bytesOf(value: string): Uint8Array {
  return encoder.encode(value);
}
