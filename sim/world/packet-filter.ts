/** Elements of one set by address, each with the virtual time at which the kernel lets go of it. */
type Elements = Map<string, number>;

const missing = 'Error: Could not process rule: No such file or directory';

/**
 * nftables as far as the gate of a virtual address needs it: tables and sets whose elements time out by themselves. A
 * script is one transaction. Chains and rules are taken as `gate-script.ts` writes them, and only their sets are kept.
 */
export class PacketFilter {
  readonly #lateMs: () => number;
  #tables = new Set<string>();
  #sets = new Map<string, Elements>();

  /** `lateMs`: how much later than asked for an element goes. */
  constructor(lateMs: () => number) {
    this.#lateMs = lateMs;
  }

  clear(): void {
    this.#tables.clear();
    this.#sets.clear();
  }

  /** Whether what comes for `address`, or speaks for it, passes a table; one that was never made lets all through. */
  passes(family: 'inet' | 'arp' | 'netdev', address: string, nowMs: number): boolean {
    const has = (set: string): boolean =>
      (this.#sets.get(`${family} ${set}`)?.get(address) ?? -Infinity) > nowMs;
    return !has('guarded4') || has('open4');
  }

  /** All of the script or nothing: what nftables would say, or null. */
  transact(script: string, nowMs: number): string | null {
    const [tables, sets] = [this.#tables, this.#sets];
    this.#tables = new Set(tables);
    this.#sets = new Map([...sets].map(([name, elements]) => [name, new Map(elements)]));
    for (const line of script.split('\n')) {
      const problem = line === '' ? null : this.#line(line, nowMs);
      if (problem === null) continue;
      [this.#tables, this.#sets] = [tables, sets];
      return problem;
    }
    return null;
  }

  #line(line: string, nowMs: number): string | null {
    const [verb = '', what = '', family = '', table = '', name = ''] = line.split(' ');
    if (what === 'table') this.#tables.add(`${family} ${table}`);
    if (!this.#tables.has(`${family} ${table}`)) return missing;
    const set = `${family} ${name}`;
    if (what === 'set' && verb === 'add') this.#sets.set(set, this.#sets.get(set) ?? new Map());
    if (what === 'set' && verb === 'flush') {
      if (!this.#sets.has(set)) return missing;
      this.#sets.set(set, new Map());
    }
    return what === 'element' ? this.#element(verb, this.#sets.get(set), line, nowMs) : null;
  }

  #element(verb: string, elements: Elements | undefined, line: string, nowMs: number): string | null {
    const [, address, timeout] = /\{ (\S+)(?: timeout (\d+m?s))? \}$/.exec(line) ?? [];
    if (elements === undefined || address === undefined) return missing;
    const isThere = (elements.get(address) ?? -Infinity) > nowMs;
    if (verb === 'delete') return elements.delete(address) && isThere ? null : missing;
    // What is there already keeps its time.
    if (!isThere) elements.set(address, timeout === undefined ? Infinity : this.#end(timeout, nowMs));
    return null;
  }

  #end(timeout: string, nowMs: number): number {
    const unitMs = timeout.endsWith('ms') ? 1 : 1_000;
    return nowMs + Number.parseInt(timeout, 10) * unitMs + this.#lateMs();
  }
}
