export interface ParsedEvent {
  /** Null where the event has none; the place to resume from is then an earlier one's. */
  readonly id: string | null;
  readonly data: string;
}

/** Server-sent events out of pieces of text that may end anywhere. */
export class EventParser {
  #rest = '';
  #id: string | null = null;
  #data: string[] = [];

  feed(text: string): ParsedEvent[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  #line(line: string): ParsedEvent[] {
    if (line === '') return this.#end();
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'id') this.#id = value;
    if (field === 'data') this.#data.push(value);
    return [];
  }

  #end(): ParsedEvent[] {
    const event = { id: this.#id, data: this.#data.join('\n') };
    const isEmpty = this.#data.length === 0;
    this.#id = null;
    this.#data = [];
    return isEmpty ? [] : [event];
  }
}
