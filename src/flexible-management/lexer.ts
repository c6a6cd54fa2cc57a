import type { Finding, Position } from './finding.ts';

export interface Token {
  readonly kind: 'word' | 'string' | 'end';
  /** Of a string its value, without the quotes. */
  readonly text: string;
  readonly at: Position;
}

/**
 * Words and strings of a text, and an end. Words are parted by white space; `#` begins a comment to the end of the line,
 * anywhere but in a string. In a string `\"` is a quote, and every other backslash stays what it is, for patterns
 * need them: `\\` is two of them, so that `"a\\"` is a whole string.
 */
export function tokensOf(text: string): { tokens: Token[]; findings: Finding[] } {
  const scanner = new Scanner(text.replace(/^\uFEFF/, ''));
  return scanner.run();
}

/** One alternative a kind; they cover every text, so that no character is passed over unseen. */
const pieces = /(?<space>\s+)|(?<comment>#.*)|"(?<string>(?:[^"\\]|\\[^])*)(?<close>"?)|(?<word>[^\s"#]+)/gu;

class Scanner {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  readonly #findings: Finding[] = [];
  #line = 1;
  #lineStart = 0;
  /** The line of the first string with a line break in it. */
  #spanning: number | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  run(): { tokens: Token[]; findings: Finding[] } {
    let end = 0;
    for (const match of this.#text.matchAll(pieces)) {
      this.#take(match, this.#position(match.index));
      this.#countLines(match[0], match.index);
      end = match.index + match[0].length;
    }
    this.#tokens.push({ kind: 'end', text: '', at: this.#position(end) });
    return { tokens: this.#tokens, findings: this.#findings };
  }

  #take({ groups = {} }: RegExpMatchArray, at: Position): void {
    const { word, string, close } = groups;
    if (word !== undefined) this.#tokens.push({ kind: 'word', text: word, at });
    if (string === undefined) return;
    this.#tokens.push({ kind: 'string', text: string.replaceAll(/\\([^])/g, unmasked), at });
    this.#noteString(string, close === '', at);
  }

  /** A quote that was forgotten makes a string of what stands before the next one; what is told then is that. */
  #noteString(string: string, isOpen: boolean, at: Position): void {
    if (string.includes('\n')) this.#spanning ??= at.line;
    if (!isOpen) return;
    const hint =
      this.#spanning === null || this.#spanning === at.line
        ? ''
        : `; perhaps the string of line ${this.#spanning}, which goes on over lines, was to end there`;
    this.#findings.push({
      level: 'error',
      at,
      text: `the string that begins here has no closing quote${hint}`,
    });
  }

  #position(offset: number): Position {
    return { line: this.#line, column: offset - this.#lineStart + 1 };
  }

  #countLines(piece: string, offset: number): void {
    for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) {
      this.#line += 1;
      this.#lineStart = offset + at + 1;
    }
  }
}

function unmasked(pair: string, character: string): string {
  return character === '"' ? '"' : pair;
}

/** The string that `tokensOf` reads as this value; null where the language has none (a lone backslash before a quote). */
export function quoted(value: string): string | null {
  const text = `"${value.replaceAll('"', '\\"')}"`;
  const [token, end] = tokensOf(text).tokens;
  return token?.kind === 'string' && token.text === value && end?.kind === 'end' ? text : null;
}
