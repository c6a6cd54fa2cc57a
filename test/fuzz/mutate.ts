/** A generator of numbers that a seed decides wholly (xorshift with a mix at the end); good enough to strew faults. */
export class FuzzRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0 || 1;
    for (let i = 0; i < 4; i++) this.#next();
  }

  /** A whole number from 0 up to but not including `max`. */
  int(max: number): number {
    return Math.floor((this.#next() / 0x1_0000_0000) * max);
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.int(from.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return Math.imul(this.#state, 0x2c1b3c6d) >>> 0;
  }
}

/** What parsers trip over: ends, escapes, numbers at their limits, names of an object's own parts, deep nesting. */
const spices: readonly string[] = [
  '\0',
  '\n',
  '\r\n',
  '\u2028',
  '"',
  "'",
  '\\',
  '\\u0000',
  '\\ud800',
  '%00',
  '%',
  '../',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  ': ',
  '- ',
  '&a ',
  '*a',
  '!!js/function ',
  '<<: ',
  '#',
  '~',
  '-1',
  '0',
  '1e999',
  '9007199254740993',
  '-0',
  'NaN',
  'null',
  'true',
  '""',
  '{}',
  '[]',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '[[[[[[[[[[[[[[[[[[[[',
  '{"a":{"a":{"a":{"a":',
  '(((((((((',
  'a'.repeat(300),
  '\t',
  ' ',
  '\uFEFF',
  'é',
  '😀',
  '\u202e',
  '-----BEGIN CERTIFICATE-----\n',
  '-----END CERTIFICATE-----',
  '::',
  '//',
  '@',
  '[::1]',
  '0.0.0.0',
  ':65536',
  'https://',
];

/** One of the examples with a few faults in it; about one in thirty stays as it is. */
export function mutate(examples: readonly string[], random: FuzzRandom): string {
  let text = random.pick(examples);
  const faults = random.int(30) === 0 ? 0 : 1 + random.int(4);
  for (let fault = 0; fault < faults; fault++) text = oneFault(text, examples, random);
  return text;
}

function oneFault(text: string, examples: readonly string[], random: FuzzRandom): string {
  const at = random.int(text.length + 1);
  const span = random.int(Math.min(24, text.length - at + 1));
  switch (random.int(7)) {
    case 0:
      return text.slice(0, at) + random.pick(spices) + text.slice(at);
    case 1:
      return text.slice(0, at) + random.pick(spices) + text.slice(at + span);
    case 2:
      return text.slice(0, at) + text.slice(at + span);
    case 3:
      return text.slice(0, at);
    case 4:
      return text.slice(0, at) + text.slice(at, at + span).repeat(2 + random.int(6)) + text.slice(at + span);
    case 5: {
      const other = random.pick(examples);
      const from = random.int(other.length + 1);
      return text.slice(0, at) + other.slice(from, from + random.int(40)) + text.slice(at);
    }
    default:
      return (
        text.slice(0, at) +
        String.fromCharCode(random.int(random.int(4) === 0 ? 0x1_0000 : 128)) +
        text.slice(at + 1)
      );
  }
}

/** The same for bytes: some faults in the text, some in single bits. */
export function mutateBytes(examples: readonly Uint8Array[], random: FuzzRandom): Uint8Array {
  const bytes = Uint8Array.from(random.pick(examples));
  if (random.int(2) === 0) {
    const text = mutate([Buffer.from(bytes).toString('latin1')], random);
    return Uint8Array.from(Buffer.from(text, 'latin1'));
  }
  const faults = 1 + random.int(6);
  for (let fault = 0; fault < faults && bytes.length > 0; fault++) {
    const at = random.int(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8));
  }
  return bytes;
}
