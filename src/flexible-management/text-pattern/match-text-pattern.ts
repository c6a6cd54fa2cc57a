import { unreachable } from '../../model/invariant.ts';
import type {
  Alternatives,
  Operator,
  PatternNode,
  PatternTree,
  RunClass,
  Test,
} from './parse-text-pattern.ts';

export interface PatternOptions {
  /** Characters that part words; null: space and tab. */
  readonly separators: string | null;
  readonly ignoreCase: boolean;
}

/** `captures` are by name; of two with one name the later counts. */
export type PatternResult =
  | { readonly kind: 'match'; readonly captures: Readonly<Record<string, string>> }
  | { readonly kind: 'no match' }
  /** The pattern asks for more work than a message is worth. */
  | { readonly kind: 'gave up' };

/** Some milliseconds of work. */
const stepsMax = 200_000;

/** Looks for the pattern anywhere in the text, from its beginning on; the first way in which it fits counts. */
export function matchTextPattern(tree: PatternTree, text: string, options: PatternOptions): PatternResult {
  return new Matcher(tree, text, options).run();
}

class OutOfSteps extends Error {
  override readonly name = 'OutOfSteps';
}

type Then = (at: number) => boolean;

class Matcher {
  readonly #tree: PatternTree;
  readonly #text: string;
  readonly #folded: string;
  readonly #ignoreCase: boolean;
  readonly #separators: string;
  /** Name, beginning and end of what was found so far; a way that fails takes its own away again. */
  readonly #captures: [name: string, from: number, to: number][] = [];
  #steps = 0;

  constructor(tree: PatternTree, text: string, { separators, ignoreCase }: PatternOptions) {
    this.#tree = tree;
    this.#text = text;
    this.#ignoreCase = ignoreCase;
    this.#folded = ignoreCase ? fold(text) : text;
    this.#separators = separators ?? ' \t';
  }

  run(): PatternResult {
    try {
      const found = this.#tree.body.some((branch) => this.#search(branch));
      if (!found) return { kind: 'no match' };
    } catch (error) {
      if (error instanceof OutOfSteps) return { kind: 'gave up' };
      throw error;
    }
    const captures = this.#captures.map(([name, from, to]) => [name, this.#text.slice(from, to)] as const);
    return { kind: 'match', captures: Object.fromEntries(captures) };
  }

  #search(branch: readonly PatternNode[]): boolean {
    // Text that must lack something would always lack it a little later; so it begins where the text does.
    const starts = this.#tree.fromStart || branch[0]?.kind === 'without' ? 0 : this.#text.length;
    const isDone: Then = (at) => !this.#tree.toEnd || at === this.#text.length;
    for (let from = 0; from <= starts; from += 1)
      if (this.#sequence(branch, 0, from, isDone, true)) return true;
    return false;
  }

  #alternatives(body: Alternatives, at: number, then: Then): boolean {
    return body.some((branch) => this.#sequence(branch, 0, at, then, false));
  }

  /** `outermost`: nothing of the pattern stands behind the last node, which then takes all that is left. */
  #sequence(
    nodes: readonly PatternNode[],
    index: number,
    at: number,
    then: Then,
    outermost: boolean,
  ): boolean {
    this.#steps += 1;
    if (this.#steps > stepsMax) throw new OutOfSteps();
    const node = nodes[index];
    if (!node) return then(at);
    const isLast = outermost && index === nodes.length - 1;
    return this.#node(node, at, (next) => this.#sequence(nodes, index + 1, next, then, outermost), isLast);
  }

  #node(node: PatternNode, at: number, then: Then, isLast: boolean): boolean {
    switch (node.kind) {
      case 'text': {
        const wanted = this.#ignoreCase ? fold(node.text) : node.text;
        return this.#folded.startsWith(wanted, at) && then(at + wanted.length);
      }
      case 'run':
        return this.#run(node, at, then, isLast);
      case 'group':
        return this.#alternatives(node.body, at, (next) =>
          this.#passes(node.tests, at, next) ? this.#named(node.name, at, next, then) : false,
        );
      case 'without':
        return this.#without(node, at, then, isLast);
      default:
        return unreachable(node);
    }
  }

  #run(node: Extract<PatternNode, { kind: 'run' }>, at: number, then: Then, isLast: boolean): boolean {
    const { of, count, name } = node;
    const most = this.#runLength(of, at, count ?? Infinity);
    if (count !== null) return most === count && this.#named(name, at, at + count, then);
    if (of === 'any') return this.#shortest(name, at, isLast ? most : 0, most, then);
    for (let length = most; length >= 1; length -= 1)
      if (this.#named(name, at, at + length, then)) return true;
    return false;
  }

  #shortest(name: string | null, at: number, least: number, most: number, then: Then): boolean {
    for (let length = least; length <= most; length += 1)
      if (this.#named(name, at, at + length, then)) return true;
    return false;
  }

  #runLength(of: RunClass, at: number, most: number): number {
    const end = Math.min(this.#text.length, at + most);
    if (of === 'any') return end - at;
    let to = at;
    while (to < end && this.#isOf(of, this.#text[to] ?? '')) to += 1;
    return to - at;
  }

  #isOf(of: Exclude<RunClass, 'any'>, character: string): boolean {
    switch (of) {
      case 'digit':
        return character >= '0' && character <= '9';
      case 'separator':
        return this.#separators.includes(character);
      case 'word':
        return !this.#separators.includes(character);
      case 'space':
        return ' \t\r\n\f\v'.includes(character);
      case 'break':
        return '\r\n'.includes(character);
      default:
        return unreachable(of);
    }
  }

  /** As long as what it must lack has not come to its end. */
  #without(
    node: Extract<PatternNode, { kind: 'without' }>,
    at: number,
    then: Then,
    isLast: boolean,
  ): boolean {
    let forbiddenEnd = Infinity;
    for (let from = at; from <= this.#text.length && from < forbiddenEnd; from += 1)
      this.#alternatives(node.body, from, (end) => {
        forbiddenEnd = Math.min(forbiddenEnd, end);
        return false;
      });
    const most = Math.min(this.#text.length, forbiddenEnd - 1) - at;
    if (isLast && forbiddenEnd !== Infinity) return false;
    return this.#shortest(node.name, at, isLast ? most : 0, most, then);
  }

  #named(name: string | null, from: number, to: number, then: Then): boolean {
    if (name === null) return then(to);
    this.#captures.push([name, from, to]);
    if (then(to)) return true;
    this.#captures.pop();
    return false;
  }

  #passes(tests: readonly Test[], from: number, to: number): boolean {
    if (tests.length === 0) return true;
    const text = this.#text.slice(from, to).trim();
    const number = text === '' ? Number.NaN : Number(text);
    return (
      !Number.isNaN(number) && tests.every(({ operator, value }) => comparisons[operator](number, value))
    );
  }
}

const comparisons: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
};

/** In lower case, character by character, so that offsets stay what they are. */
function fold(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return Array.from(text, (character) => {
    const one = character.toLowerCase();
    return one.length === character.length ? one : character;
  }).join('');
}
