import { unreachable } from '../../model/invariant.ts';
import type { Instruction, Program } from './compile-pattern.ts';

/** Positions of the named groups, two slots each, -1 where a group took no part. Never changed once made. */
type Slots = readonly number[];

/** The state of all threads at one position, in the order in which a backtracking matcher would try them. */
interface Threads {
  readonly pcs: number[];
  readonly slots: Slots[];
}

/**
 * The texts of the named groups, or null where nothing matches. Finds what JavaScript's matcher finds (but for a repetition that matches nothing: its groups are empty, not missing), but walks all
 * possibilities side by side, one character at a time (Pike's method): the time is at most the length of the text by
 * the size of the program, whatever the expression.
 */
export function matchPattern(program: Program, text: string): Record<string, string> | null {
  if (program.required !== '' && !text.includes(program.required)) return null;
  const found = new Matcher(program, text).run();
  return found && groupsOf(program, text, found);
}

class Matcher {
  readonly #program: Program;
  readonly #instructions: readonly Instruction[];
  readonly #text: string;
  readonly #none: Slots;
  /** For each instruction the position + 1 at which it was last added, so that no thread stands there twice. */
  readonly #addedAt: Uint32Array;

  constructor(program: Program, text: string) {
    this.#program = program;
    this.#instructions = program.instructions;
    this.#text = text;
    this.#none = Array<number>(program.groupNames.length * 2).fill(-1);
    this.#addedAt = new Uint32Array(program.instructions.length);
  }

  run(): Slots | null {
    let found: Slots | null = null;
    let threads: Threads = { pcs: [], slots: [] };
    let after: Threads = { pcs: [], slots: [] };
    for (let at = 0; at <= this.#text.length;) {
      // A match may begin at any place until there is one; earlier beginnings come first.
      if (!found) {
        if (threads.pcs.length === 0 && at > 0) at = this.#nextBeginning(at);
        this.#add(threads, 0, at, this.#none);
      } else if (threads.pcs.length === 0) return found;
      const codePoint = this.#text.codePointAt(at) ?? -1;
      const next = at + (codePoint > 0xffff ? 2 : 1);
      found = this.#advance(threads, after, codePoint, next) ?? found;
      threads.pcs.length = 0;
      threads.slots.length = 0;
      [threads, after] = [after, threads];
      at = next;
    }
    return found;
  }

  /** Passes over what no match can begin with; the end of the text where there is nothing else. */
  #nextBeginning(from: number): number {
    const { beginnings } = this.#program;
    if (!beginnings) return from;
    let at = from;
    while (at < this.#text.length) {
      const codePoint = this.#text.codePointAt(at) ?? 0;
      for (const begins of beginnings) if (begins(codePoint)) return at;
      at += codePoint > 0xffff ? 2 : 1;
    }
    return at;
  }

  /** Moves every thread over one character; a thread that has matched ends all those of lower rank. */
  #advance(threads: Threads, after: Threads, codePoint: number, next: number): Slots | null {
    const { pcs } = threads;
    for (let rank = 0; rank < pcs.length; rank += 1) {
      const pc = pcs[rank] ?? 0;
      const instruction = this.#instructions[pc];
      const slots = threads.slots[rank] ?? this.#none;
      if (instruction?.op === 'match') return slots;
      if (instruction?.op === 'char' && codePoint >= 0 && instruction.test(codePoint))
        this.#add(after, pc + 1, next, slots);
    }
    return null;
  }

  /** Adds a thread and, in order of preference, all it can reach without a character. */
  #add(threads: Threads, pc: number, at: number, slots: Slots): void {
    if (this.#addedAt[pc] === at + 1) return;
    this.#addedAt[pc] = at + 1;
    const instruction = this.#instructions[pc];
    if (!instruction) return;
    switch (instruction.op) {
      case 'jump':
        return this.#add(threads, instruction.to, at, slots);
      case 'branch':
        this.#add(threads, instruction.preferred, at, slots);
        return this.#add(threads, instruction.other, at, slots);
      case 'save':
        return this.#add(threads, pc + 1, at, slots.with(instruction.slot, at));
      case 'clear':
        return this.#add(
          threads,
          pc + 1,
          at,
          slots.map((value, slot) => (instruction.slots.includes(slot) ? -1 : value)),
        );
      case 'assert':
        if (this.#holds(instruction.what, at)) this.#add(threads, pc + 1, at, slots);
        return;
      case 'char':
      case 'match':
        threads.pcs.push(pc);
        threads.slots.push(slots);
        return;
      default:
        unreachable(instruction);
    }
  }

  #holds(what: 'start' | 'end' | 'boundary' | 'not boundary', at: number): boolean {
    if (what === 'start') return at === 0;
    if (what === 'end') return at === this.#text.length;
    const boundary = this.#isWord(at - 1) !== this.#isWord(at);
    return boundary === (what === 'boundary');
  }

  #isWord(at: number): boolean {
    return /^\w$/.test(this.#text[at] ?? '');
  }
}

function groupsOf(program: Program, text: string, slots: Slots): Record<string, string> {
  const groups: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [index, name] of program.groupNames.entries()) {
    const [from, to] = [slots[index * 2] ?? -1, slots[index * 2 + 1] ?? -1];
    if (from >= 0 && to >= 0) groups[name] = text.slice(from, to);
  }
  return groups;
}
