import type { Finding, Position } from './finding.ts';
import { tokensOf, type Token } from './lexer.ts';

/** Ends the reading of the thing at hand; the parser goes on behind it. */
export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem';
  readonly at: Position;

  constructor(at: Position, text: string) {
    super(text);
    this.at = at;
  }
}

/** Keywords that are found misspelt in texts of other makers, and what they stand for. */
const misspelt: Readonly<Record<string, string>> = {
  ACTIONALLOWMANGER: 'ACTIONALLOWMANAGER',
  MESSAGETARGETRULECONDS: 'MSGTARGETRULECONDS',
  MESSAGETARGETRULECOND: 'MSGTARGETRULECOND',
};

/** Goes through the tokens of a text, and gathers what is found wrong on the way. */
export class TokenReader {
  readonly findings: Finding[];
  readonly #tokens: readonly Token[];
  #next = 0;
  /** Where the construct at hand began: errors repeat its words. */
  #begun = 0;

  constructor(text: string) {
    const { tokens, findings } = tokensOf(text);
    this.#tokens = tokens;
    this.findings = findings;
  }

  get at(): Position {
    return this.#peek().at;
  }

  get isAtEnd(): boolean {
    return this.#peek().kind === 'end';
  }

  /** The words from here on are what an error repeats: `WEEKDAY FROM Friday needs TO`. */
  begin(): Position {
    this.#begun = this.#next;
    return this.at;
  }

  /** The next word as the keyword that it is, if it is one of these; it stays. */
  keyword<Keyword extends string>(...keywords: readonly Keyword[]): Keyword | null {
    const { kind, text } = this.#peek();
    if (kind !== 'word') return null;
    const upper = text.toUpperCase();
    const meant = misspelt[upper] ?? upper;
    return keywords.find((keyword) => keyword === meant) ?? null;
  }

  /** Takes the next word if it is this keyword. */
  accept(...keywords: readonly string[]): boolean {
    const keyword = this.keyword(...keywords);
    if (keyword === null) return false;
    const { text, at } = this.#take();
    if (text !== keyword) this.warn(at, `${text} is read as ${keyword}`);
    return true;
  }

  expect(keyword: string): void {
    if (!this.accept(keyword)) throw this.needs(keyword);
  }

  isString(): boolean {
    return this.#peek().kind === 'string';
  }

  string(what: string): string {
    if (!this.isString()) throw this.needs(what);
    return this.#take().text;
  }

  /** A word that `read` makes something of; null means that it is none of what is wanted. */
  value<Value>(what: string, read: (word: string) => Value | null): Value {
    const value = this.acceptValue(read);
    if (value === null) throw this.needs(what);
    return value;
  }

  acceptValue<Value>(read: (word: string) => Value | null): Value | null {
    const { kind, text } = this.#peek();
    const value = kind === 'word' ? read(text) : null;
    if (value !== null) this.#take();
    return value;
  }

  /** What follows is not what the construct needs. */
  needs(what: string): SyntaxProblem {
    const before = this.#tokens.slice(this.#begun, this.#next).map(shown).join(' ');
    const found = this.#peek();
    const instead = found.kind === 'end' ? 'but the text ends here' : `not ${shown(found)}`;
    return new SyntaxProblem(
      found.at,
      before === '' ? `${what} is needed here, ${instead}` : `${before} needs ${what}, ${instead}`,
    );
  }

  warn(at: Position, text: string): void {
    this.findings.push({ level: 'warning', at, text });
  }

  error(at: Position, text: string): void {
    this.findings.push({ level: 'error', at, text });
  }

  /**
   * Reads things as long as one begins here. A thing with an error in it is left out and told, and reading goes on at
   * the next of these keywords, so that one run tells of every error.
   */
  many<Thing>(begins: () => boolean, read: () => Thing, resumeAt: readonly string[]): Thing[] {
    const things: Thing[] = [];
    while (begins()) this.attempt(() => things.push(read()), resumeAt);
    return things;
  }

  /** Reads; what is wrong is told, and reading goes on at the next of these keywords. */
  attempt(read: () => void, resumeAt: readonly string[]): void {
    const before = this.#next;
    try {
      read();
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      this.error(error.at, error.message);
      if (this.#next === before) this.#take();
      this.#skipTo(resumeAt);
    }
  }

  #skipTo(keywords: readonly string[]): void {
    while (!this.isAtEnd && this.keyword(...keywords) === null) this.#take();
  }

  #peek(): Token {
    // The last token is the end, and it is never taken.
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: { line: 1, column: 1 } };
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next += 1;
    return token;
  }
}

const shownCharsMax = 40;

function shown({ kind, text }: Token): string {
  const short = text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text;
  return kind === 'string' ? JSON.stringify(short) : short;
}
