import { WatchError } from '../../model/errors.ts';
import { unreachable } from '../../model/invariant.ts';
import { charTest, type CharTest } from './char-set.ts';
import { parsePattern, type PatternNode } from './parse-pattern.ts';

/** Where a branch goes: `preferred` is tried first, as greediness and the order of alternatives ask. */
export type Instruction =
  | { readonly op: 'char'; readonly test: CharTest }
  | { readonly op: 'branch'; preferred: number; other: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  /** Forgets the groups inside a repetition when it begins anew, as JavaScript does. */
  | { readonly op: 'clear'; readonly slots: readonly number[] }
  | { readonly op: 'assert'; readonly what: 'start' | 'end' | 'boundary' | 'not boundary' }
  | { readonly op: 'match' };

export interface Program {
  readonly source: string;
  readonly instructions: readonly Instruction[];
  readonly groupNames: readonly string[];
  /** Text that every match contains, to pass over most lines without running anything; may be empty. */
  readonly required: string;
  /** What a match that begins behind the start of the text can begin with; null: with anything, or with nothing. */
  readonly beginnings: readonly CharTest[] | null;
}

/** The time for one character grows with this at most; 8,192 characters by 1,000 instructions take some 100 ms. */
export const instructionsMax = 1_000;

/** WK_CONFIG where the expression is not valid, cannot be matched in linear time, or is too large. */
export function compilePattern(source: string, ignoreCase: boolean): Program {
  const { root, groupNames } = parsePattern(source);
  const instructions: Instruction[] = [];
  new Emitter(source, instructions, groupNames, ignoreCase).emit(root);
  instructions.push({ op: 'match' });
  const required = ignoreCase ? '' : requiredText(root);
  return { source, instructions, groupNames, required, beginnings: beginningsOf(instructions) };
}

class Emitter {
  readonly #source: string;
  readonly #out: Instruction[];
  readonly #names: readonly string[];
  readonly #ignoreCase: boolean;

  constructor(source: string, out: Instruction[], names: readonly string[], ignoreCase: boolean) {
    this.#source = source;
    this.#out = out;
    this.#names = names;
    this.#ignoreCase = ignoreCase;
  }

  emit(node: PatternNode): void {
    switch (node.kind) {
      case 'set':
        return this.#push({ op: 'char', test: charTest(node.set, this.#ignoreCase) });
      case 'assert':
        return this.#push({ op: 'assert', what: node.what });
      case 'concat':
        return node.parts.forEach((part) => this.emit(part));
      case 'either':
        return this.#either(node.branches);
      case 'group':
        return this.#group(node.body, node.name);
      case 'repeat':
        return this.#repeat(node);
    }
  }

  #push(instruction: Instruction): void {
    if (this.#out.length >= instructionsMax)
      throw new WatchError(
        'WK_CONFIG',
        `the regular expression ${JSON.stringify(this.#source.slice(0, 80))} is too large: counted repetitions are written out, and at most ${instructionsMax} steps are allowed`,
      );
    this.#out.push(instruction);
  }

  #either(branches: readonly PatternNode[]): void {
    const jumps: { to: number }[] = [];
    for (const [index, node] of branches.entries()) {
      const last = index === branches.length - 1;
      const branch = { op: 'branch', preferred: this.#out.length + 1, other: 0 } as const;
      const choice: Instruction & { op: 'branch' } = { ...branch };
      if (!last) this.#push(choice);
      this.emit(node);
      if (last) continue;
      const jump: Instruction & { op: 'jump' } = { op: 'jump', to: 0 };
      this.#push(jump);
      jumps.push(jump);
      choice.other = this.#out.length;
    }
    for (const jump of jumps) jump.to = this.#out.length;
  }

  #group(body: PatternNode, name: string | null): void {
    if (name === null) return this.emit(body);
    const slot = this.#names.indexOf(name) * 2;
    this.#push({ op: 'save', slot });
    this.emit(body);
    this.#push({ op: 'save', slot: slot + 1 });
  }

  #repeat({ body, min, max, greedy }: PatternNode & { kind: 'repeat' }): void {
    const slots = namesIn(body).flatMap((name) => [
      this.#names.indexOf(name) * 2,
      this.#names.indexOf(name) * 2 + 1,
    ]);
    const once = (): void => {
      if (slots.length > 0) this.#push({ op: 'clear', slots });
      this.emit(body);
    };
    for (let count = 0; count < min; count += 1) once();
    if (max === null) return this.#loop(once, greedy);
    const exits: (() => void)[] = [];
    for (let count = min; count < max; count += 1) {
      exits.push(this.#choice(greedy));
      once();
    }
    for (const exit of exits) exit();
  }

  #loop(once: () => void, greedy: boolean): void {
    const start = this.#out.length;
    const exit = this.#choice(greedy);
    once();
    this.#push({ op: 'jump', to: start });
    exit();
  }

  /** Enter what follows, or leave to wherever the returned function is called. */
  #choice(greedy: boolean): () => void {
    const inside = this.#out.length + 1;
    const choice: Instruction & { op: 'branch' } = { op: 'branch', preferred: inside, other: inside };
    this.#push(choice);
    return () => {
      if (greedy) choice.other = this.#out.length;
      else choice.preferred = this.#out.length;
    };
  }
}

/** Follows every way from the beginning to its first character; `^` closes a way, since the start is passed. */
function beginningsOf(instructions: readonly Instruction[]): CharTest[] | null {
  const tests: CharTest[] = [];
  const seen = new Set<number>();
  const ways = [0];
  for (let pc = ways.pop(); pc !== undefined; pc = ways.pop()) {
    const instruction = instructions[pc];
    if (seen.has(pc) || !instruction) continue;
    seen.add(pc);
    if (instruction.op === 'match') return null;
    if (instruction.op === 'assert' && instruction.what === 'end') return null;
    if (instruction.op === 'char') tests.push(instruction.test);
    else if (instruction.op === 'branch') ways.push(instruction.preferred, instruction.other);
    else if (instruction.op === 'jump') ways.push(instruction.to);
    else if (instruction.op !== 'assert' || instruction.what !== 'start') ways.push(pc + 1);
  }
  return tests;
}

function namesIn(node: PatternNode): string[] {
  switch (node.kind) {
    case 'group':
      return [...(node.name === null ? [] : [node.name]), ...namesIn(node.body)];
    case 'repeat':
      return namesIn(node.body);
    case 'concat':
      return node.parts.flatMap(namesIn);
    case 'either':
      return node.branches.flatMap(namesIn);
    case 'set':
    case 'assert':
      return [];
    default:
      return unreachable(node);
  }
}

/** The longest run of single characters that stands in every match. */
function requiredText(root: PatternNode): string {
  let longest = '';
  let run = '';
  const end = (): void => {
    if (run.length > longest.length) longest = run;
    run = '';
  };
  const visit = (node: PatternNode): void => {
    if (node.kind === 'concat') return node.parts.forEach(visit);
    if (node.kind === 'group') return visit(node.body);
    if (node.kind === 'assert') return;
    const [range] = node.kind === 'set' && !node.set.negated ? node.set.ranges : [];
    if (node.kind === 'set' && range && node.set.ranges.length === 1 && range[0] === range[1])
      run += String.fromCodePoint(range[0]);
    else {
      end();
      if (node.kind === 'repeat' && node.min > 0) {
        visit(node.body);
        end();
      }
    }
  };
  visit(root);
  end();
  return longest;
}
