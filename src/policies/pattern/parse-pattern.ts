import { WatchError } from '../../model/errors.ts';
import { anyButLineBreak, namedClass, type CharRange, type CharSet } from './char-set.ts';

export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'concat'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'either'; readonly branches: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly body: PatternNode;
      readonly min: number;
      readonly max: number | null;
      readonly greedy: boolean;
    }
  | { readonly kind: 'group'; readonly body: PatternNode; readonly name: string | null }
  | { readonly kind: 'assert'; readonly what: 'start' | 'end' | 'boundary' | 'not boundary' };

export interface ParsedPattern {
  readonly root: PatternNode;
  readonly groupNames: readonly string[];
}

const depthMax = 50;
const repeatMax = 1_000;

const controlEscapes: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 };

/**
 * Reads a regular expression in JavaScript's syntax, as far as it can be matched in linear time: literals, classes,
 * groups, alternatives, repetitions greedy and lazy, ^ $ \b \B. WK_CONFIG says what is not possible and where.
 */
export function parsePattern(source: string): ParsedPattern {
  const parser = new PatternParser(source);
  return { root: parser.parse(), groupNames: parser.groupNames };
}

class PatternParser {
  readonly groupNames: string[] = [];
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): PatternNode {
    const root = this.#either();
    if (this.#at < this.#source.length) throw this.#fault('has a ) without its (');
    return root;
  }

  #fault(text: string): WatchError {
    return new WatchError(
      'WK_CONFIG',
      `the regular expression ${text} (at character ${this.#at + 1} of ${JSON.stringify(this.#source)})`,
    );
  }

  #peek(): string {
    return this.#source[this.#at] ?? '';
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** What a sticky expression finds here, or null; it is stepped over. */
  #takeMatch(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#source);
    if (match) this.#at += match[0].length;
    return match;
  }

  #either(): PatternNode {
    this.#depth += 1;
    if (this.#depth > depthMax) throw this.#fault(`is nested deeper than ${depthMax}`);
    const branches = [this.#concat()];
    while (this.#take('|')) branches.push(this.#concat());
    this.#depth -= 1;
    const [only] = branches;
    return only && branches.length === 1 ? only : { kind: 'either', branches };
  }

  #concat(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#source.length && this.#peek() !== '|' && this.#peek() !== ')')
      parts.push(this.#repeated());
    return { kind: 'concat', parts };
  }

  #repeated(): PatternNode {
    const body = this.#atom();
    const counts = this.#quantifier();
    if (!counts) return body;
    if (body.kind === 'assert') throw this.#fault('repeats a place, which is not possible');
    const repeat: PatternNode = { kind: 'repeat', body, ...counts, greedy: !this.#take('?') };
    if (this.#quantifier()) throw this.#fault('has two quantifiers in a row');
    return repeat;
  }

  #quantifier(): { min: number; max: number | null } | null {
    if (this.#take('*')) return { min: 0, max: null };
    if (this.#take('+')) return { min: 1, max: null };
    if (this.#take('?')) return { min: 0, max: 1 };
    const match = this.#takeMatch(/\{(\d{1,6})(,?)(\d{0,6})\}/y);
    if (!match) return null;
    const [, minText = '', comma = '', maxText = ''] = match;
    const min = Number(minText);
    const max = comma === '' ? min : maxText === '' ? null : Number(maxText);
    if (max !== null && max < min) throw this.#fault('has a repetition whose end is below its beginning');
    if (min > repeatMax || (max ?? 0) > repeatMax)
      throw this.#fault(`repeats more than ${repeatMax} times by count`);
    return { min, max };
  }

  #atom(): PatternNode {
    const char = this.#peek();
    if (char === '(') return this.#group();
    if (char === '[') return { kind: 'set', set: this.#class() };
    if (char === '*' || char === '+' || char === '?') throw this.#fault('repeats nothing');
    if (this.#take('.')) return { kind: 'set', set: anyButLineBreak };
    if (this.#take('^')) return { kind: 'assert', what: 'start' };
    if (this.#take('$')) return { kind: 'assert', what: 'end' };
    if (this.#take('\\b')) return { kind: 'assert', what: 'boundary' };
    if (this.#take('\\B')) return { kind: 'assert', what: 'not boundary' };
    return { kind: 'set', set: { ranges: this.#charOrEscape(), negated: false } };
  }

  #group(): PatternNode {
    if (/\(\?(?:<?[=!])/y.test(this.#source.slice(this.#at, this.#at + 4)))
      throw this.#fault(
        'looks ahead or behind, which cannot be matched in linear time; use several conditions',
      );
    this.#take('(');
    const name = this.#groupName();
    const body = this.#either();
    if (!this.#take(')')) throw this.#fault('has a ( without its )');
    return { kind: 'group', body, name };
  }

  #groupName(): string | null {
    if (!this.#take('?') || this.#take(':')) return null;
    const name = this.#takeMatch(/<([A-Za-z_][A-Za-z0-9_]{0,63})>/y)?.[1];
    if (name === undefined) throw this.#fault('has a group of an unknown kind');
    if (this.groupNames.includes(name)) throw this.#fault(`has two groups named ${name}`);
    this.groupNames.push(name);
    return name;
  }

  #class(): CharSet {
    this.#take('[');
    const negated = this.#take('^');
    const ranges: CharRange[] = [];
    while (!this.#take(']')) {
      if (this.#at >= this.#source.length) throw this.#fault('has a [ without its ]');
      ranges.push(...this.#classItem());
    }
    return { ranges, negated };
  }

  #classItem(): readonly CharRange[] {
    const first = this.#take('\\b') ? one(8) : this.#charOrEscape();
    const isRange = this.#peek() === '-' && !['', ']'].includes(this.#source[this.#at + 1] ?? '');
    if (!isRange) return first;
    this.#take('-');
    const last = this.#charOrEscape();
    const [from, to] = [singleOf(first), singleOf(last)];
    if (from === null || to === null || to < from)
      throw this.#fault('has a range of characters that is not one');
    return [[from, to]];
  }

  #charOrEscape(): readonly CharRange[] {
    if (this.#take('\\')) return this.#escape();
    const codePoint = this.#source.codePointAt(this.#at) ?? 0;
    this.#at += codePoint > 0xffff ? 2 : 1;
    return one(codePoint);
  }

  #escape(): readonly CharRange[] {
    const hex = this.#takeMatch(/x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}/y);
    if (hex) return one(Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16));
    const char = this.#peek();
    if (/^[1-9k]$/.test(char))
      throw this.#fault('refers back to a group, which cannot be matched in linear time');
    this.#at += 1;
    const named = namedClass(char);
    if (named) return named;
    const control = controlEscapes[char];
    if (control !== undefined) return one(control);
    if (char === '' || /^[A-Za-z0-9]$/.test(char)) throw this.#fault(`has an unknown escape \\${char}`);
    return one(char.codePointAt(0) ?? 0);
  }
}

function one(codePoint: number): readonly CharRange[] {
  return [[codePoint, codePoint]];
}

function singleOf(ranges: readonly CharRange[]): number | null {
  const [range] = ranges;
  return range && ranges.length === 1 && range[0] === range[1] ? range[0] : null;
}
