const mask = '[removed]';

/** Names of settings, fields, headers and options whose values are secret. */
const secretWord =
  '(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|private[-_]?key|credential|sealed_?key|cookie|authorization)';
/** Bounded, so that text without end in sight takes no time without end. */
const name = `[\\w.-]{0,40}${secretWord}[\\w.-]{0,40}`;
/** Where one value ends: a quoted one at its quote, which may stand escaped inside of another text. */
const value = String.raw`(?:\\"(?:[^"\\]|\\(?!"))*\\"|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&"'}\]]+)`;

/** In this order: what is longest first. Each keeps what comes before the secret, so that one sees what was there. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]*(?:-----END \1-----)?/g, `-----${mask}-----`],
  // Tokens of ours of every kind: to join, to sign in, of a session, of a service.
  [/\bwk[a-z]\d\.[\w.~+/=-]+/g, mask],
  [/\$(?:argon2|scrypt|2[aby])[^\s"'}]*/g, mask],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?/g, mask],
  [/(\w:\/\/)[^\s/@"']+@/g, `$1${mask}@`],
  // A whole header: what follows is values up to the end of the line, or of the text that it stands in.
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?["']?\s*[:=]\s*\\?["']?)[^"'\r\n\\]+/gi, `$1$2${mask}`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${mask}`],
  [/(__Host-[\w-]+=)[^\s;,"']+/g, `$1${mask}`],
  [new RegExp(String.raw`(--?${name})(?:=|\s+)${value}`, 'gi'), `$1 ${mask}`],
  // What stands in an argument list: "--password","x".
  [new RegExp(String.raw`(["']--?${name}["']\s*,\s*)${value}`, 'gi'), `$1"${mask}"`],
  // What stands before the word in a name stays by itself.
  [new RegExp(String.raw`(${secretWord}[\w.-]{0,40}\\?["']?\s*[:=]\s*)${value}`, 'gi'), `$1"${mask}"`],
];

/** Shorter ones would be found everywhere. */
const knownCharsMin = 8;

/**
 * Takes secrets out of text that is to leave the machine: whatever has the shape of one, and `known` ones wherever they
 * stand. It may take out more than it must.
 */
export class Redactor {
  readonly #known: readonly string[];

  constructor(known: Iterable<string>) {
    const all = new Set([...known].flatMap((secret) => secret.split('\n').map((line) => line.trim())));
    this.#known = [...all]
      .filter((secret) => secret.length >= knownCharsMin && !secret.startsWith('-----'))
      .toSorted((a, b) => b.length - a.length);
  }

  text(text: string): string {
    let left = text;
    for (const secret of this.#known) left = left.replaceAll(secret, mask);
    for (const [shape, replacement] of shapes) left = left.replaceAll(shape, replacement);
    return left;
  }
}
