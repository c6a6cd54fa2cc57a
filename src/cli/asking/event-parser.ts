/** One server-sent event as it came over the wire. */
export interface WireEvent {
  /** The place to resume from; null before the first one was told. */
  readonly id: string | null;
  readonly data: string;
}

/** Puts lines of a `text/event-stream` together; the ID stays until another one comes. */
export class EventParser {
  #id: string | null = null;
  #data: string[] = [];

  /** An event when this line was its last. */
  take(line: string): WireEvent | null {
    if (line === '') return this.#finish();
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'data') this.#data.push(value);
    if (field === 'id') this.#id = value;
    return null;
  }

  #finish(): WireEvent | null {
    if (this.#data.length === 0) return null;
    const data = this.#data.join('\n');
    this.#data = [];
    return { id: this.#id, data };
  }
}
