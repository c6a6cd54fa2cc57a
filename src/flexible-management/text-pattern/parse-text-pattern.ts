/**
 * The pattern language of message conditions, which is not that of regular expressions: `<*>` any text, `<#>` digits,
 * `<@>` a word, `<_>` separators, `<S>` white space, `</>` line breaks, `<3#>` three of them, `[a|b]` alternatives,
 * `<![a]>` text without a, `<#.name>` what is found under a name, `<[<#>] -ge 90>` a number that is compared.
 */
export type PatternNode =
  | { readonly kind: 'text'; readonly text: string }
  /** `count` null: any number, of `any` from none on, of the others from one on. */
  | {
      readonly kind: 'run';
      readonly of: RunClass;
      readonly count: number | null;
      readonly name: string | null;
    }
  | {
      readonly kind: 'group';
      readonly body: Alternatives;
      readonly name: string | null;
      readonly tests: readonly Test[];
    }
  | { readonly kind: 'without'; readonly body: Alternatives; readonly name: string | null };

export type RunClass = 'any' | 'digit' | 'separator' | 'word' | 'space' | 'break';
export type Alternatives = readonly (readonly PatternNode[])[];

/** How what was found compares with a number: `found -ge 90`. */
export interface Test {
  readonly operator: Operator;
  readonly value: number;
}

export type Operator = 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne';

export interface PatternTree {
  readonly fromStart: boolean;
  readonly toEnd: boolean;
  readonly body: Alternatives;
}

/** What is wrong with a pattern; `offset` counts in the pattern. */
export class PatternProblem extends Error {
  override readonly name = 'PatternProblem';
  readonly offset: number;

  constructor(offset: number, text: string) {
    super(text);
    this.offset = offset;
  }
}

export const patternCharsMax = 4_096;
const depthMax = 32;
/** The matcher calls itself once a node. */
const nodesMax = 256;
const countMax = 10_000;

/** Throws PatternProblem. */
export function parseTextPattern(source: string): PatternTree {
  if (source.length > patternCharsMax)
    throw new PatternProblem(0, `the pattern has more than ${patternCharsMax} characters`);
  return new PatternParser(source).parse();
}

const runClasses: Readonly<Record<string, RunClass>> = {
  '*': 'any',
  '#': 'digit',
  _: 'separator',
  '@': 'word',
  S: 'space',
  '/': 'break',
};

/** The same comparison with its two sides changed. */
const turned: Readonly<Record<Operator, Operator>> = {
  lt: 'gt',
  le: 'ge',
  gt: 'lt',
  ge: 'le',
  eq: 'eq',
  ne: 'ne',
};

class PatternParser {
  readonly #source: string;
  #at = 0;
  #depth = 0;
  #nodes = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): PatternTree {
    const fromStart = this.#accept('^');
    const body = this.#alternatives('');
    if (this.#at < this.#source.length) throw this.#problem('] has no [; write \\] for the character itself');
    return { fromStart, toEnd: this.#endsWithAnchor(), body };
  }

  /** `$` is special as the last character only, and not behind a backslash. */
  #endsWithAnchor(): boolean {
    return /(?<!\\)(?:\\\\)*\$$/.test(this.#source);
  }

  #alternatives(end: '' | ']'): Alternatives {
    this.#depth += 1;
    if (this.#depth > depthMax) throw this.#problem(`brackets stand more than ${depthMax} deep`);
    const branches = [this.#sequence(end)];
    while (this.#accept('|')) branches.push(this.#sequence(end));
    this.#depth -= 1;
    return branches;
  }

  #sequence(end: '' | ']'): PatternNode[] {
    const nodes: PatternNode[] = [];
    let text = '';
    const flush = (): void => {
      if (text !== '') nodes.push({ kind: 'text', text });
      text = '';
    };
    for (;;) {
      const next = this.#source[this.#at];
      if (next === undefined || next === '|' || next === ']' || this.#isLastAnchor(next)) break;
      if (next === '[' || next === '<') {
        flush();
        this.#nodes += 1;
        if (this.#nodes > nodesMax) throw this.#problem(`the pattern has more than ${nodesMax} parts`);
        nodes.push(next === '[' ? this.#plainGroup() : this.#angle());
        if (end === ']' && this.#isNameBeforeTest()) break;
      } else text += this.#character();
    }
    flush();
    return nodes;
  }

  #isLastAnchor(next: string): boolean {
    if (next !== '$' || this.#at !== this.#source.length - 1) return false;
    this.#at += 1;
    return true;
  }

  #character(): string {
    const next = this.#source[this.#at] ?? '';
    if (next === '>') throw this.#problem('> has no <; write \\> for the character itself');
    this.#at += 1;
    if (next !== '\\') return next;
    const masked = this.#source[this.#at];
    if (masked === undefined)
      throw this.#problem('a backslash stands at the end; write \\\\ for the character');
    this.#at += 1;
    return masked === 't' ? '\t' : masked;
  }

  #plainGroup(): PatternNode {
    return { kind: 'group', body: this.#bracket(), name: null, tests: [] };
  }

  #bracket(): Alternatives {
    const from = this.#at;
    if (!this.#accept('[')) throw this.#problem('[ is needed here');
    const body = this.#alternatives(']');
    if (this.#isNameBeforeTest()) return body;
    if (!this.#accept(']')) throw new PatternProblem(from, '[ has no ]; write \\[ for the character itself');
    return body;
  }

  /** `[<#>.v] -ge 90`: inside of a comparison the name may stand before the bracket closes. */
  #isNameBeforeTest(): boolean {
    return this.#looksAt(/\.\w+\]\s*-(?:lt|le|gt|ge|eq|ne)\b/y) !== null;
  }

  /** From `<` to its `>`. */
  #angle(): PatternNode {
    const from = this.#at;
    this.#at += 1;
    const node = this.#inner(from);
    if (!this.#accept('>')) throw new PatternProblem(from, '< has no >; write \\< for the character itself');
    return node;
  }

  #inner(from: number): PatternNode {
    if (this.#accept('!')) return { kind: 'without', body: this.#bracket(), name: this.#name() };
    const run = this.#looksAt(/(\d*)([*#_@S/])/y);
    if (run !== null) return this.#run(run);
    const before = this.#comparison(/\s*(-?\d+(?:\.\d+)?)\s+-(lt|le|gt|ge|eq|ne)\s+/y, 2, 1);
    const { body, inside } = this.#compared(from);
    const name = inside ?? this.#name();
    const behind = this.#comparison(/\s+-(lt|le|gt|ge|eq|ne)\s+(-?\d+(?:\.\d+)?)\s*/y, 1, 2);
    if (before && !behind) throw this.#problem('a second comparison is needed behind the bracket');
    const first = before ? [{ operator: turned[before.operator], value: before.value }] : [];
    return { kind: 'group', body, name, tests: behind ? [...first, behind] : first };
  }

  #run([, digits = '', letter = '']: RegExpExecArray): PatternNode {
    const of = runClasses[letter];
    if (!of) throw this.#problem(`<${letter}> is unknown`);
    const count = digits === '' ? null : Number(digits);
    if (count !== null && (count < 1 || count > countMax))
      throw this.#problem(`the count must be 1 to ${countMax}`);
    this.#at += digits.length + letter.length;
    return { kind: 'run', of, count, name: this.#name() };
  }

  /** `[…]`, or a token in angle brackets alone, as in `<<#.uid> -eq 0>`. */
  #compared(from: number): { body: Alternatives; inside: string | null } {
    const next = this.#source[this.#at];
    if (next === '<') return { body: [[this.#angle()]], inside: null };
    if (next !== '[')
      throw new PatternProblem(from, '< begins nothing that is known; write \\< for the character itself');
    const body = this.#bracket();
    const inside = this.#isNameBeforeTest() ? this.#name() : null;
    if (inside !== null) this.#accept(']');
    return { body, inside };
  }

  #name(): string | null {
    const found = this.#looksAt(/\.(\w+)/y);
    if (found === null) return null;
    this.#at += found[0].length;
    return found[1] ?? null;
  }

  #comparison(pattern: RegExp, operatorAt: number, valueAt: number): Test | null {
    const found = this.#looksAt(pattern);
    if (found === null) return null;
    this.#at += found[0].length;
    return { operator: found[operatorAt] as Operator, value: Number(found[valueAt]) };
  }

  #looksAt(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source);
  }

  #accept(character: string): boolean {
    if (this.#source[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #problem(text: string): PatternProblem {
    return new PatternProblem(this.#at, text);
  }
}
