import { argon2, timingSafeEqual, type Argon2Parameters } from 'node:crypto';
import { WatchError } from '../model/errors.ts';
import type { Random } from '../runtime/random.ts';

/** 19 MiB and two passes: some 50 ms on one core. What OWASP asks for at least. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const tagBytes = 32;
const saltBytes = 16;

/** At once, so that signing in never takes both cores, and what may wait behind them. */
const atOnceMax = 2;
const waitingMax = 16;

export const passwordCharsMin = 12;
export const passwordCharsMax = 256;

/** Long enough for the rule and in every list of leaked ones all the same. */
const wellKnown: ReadonlySet<string> = new Set(
  `passwordpassword password1234 password12345 password123456 123456789012 1234567890123 12345678901234 123456789012345
  1234567890123456 qwertyuiop12 qwertyuiop123 qwertyuiop123456 qwertyuiopasdf qwertyuiopasdfghjkl qwerty123456
  1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv q1w2e3r4t5y6 zaq12wsxcde3 asdfghjkl123 iloveyou1234
  administrator administrator1 adminadmin12 adminadminadmin changeme1234 changemechangeme letmein123456 welcome12345
  welcome123456 trustno1trustno1 correcthorsebatterystaple unbelievable hello123456789 abcdefghijkl abcdefghijklm
  abcd1234abcd abc123abc123 abcabcabcabc monkey123456 dragon123456 football1234 baseball1234 sunshine1234 princess1234
  superman1234 starwars1234 computer1234 internet1234 passw0rd1234 p@ssw0rd1234 p@ssword1234 mypassword123 secret123456
  nagios123456 nagiosadmin1 zabbixzabbix monitoring12 monitoring123 operator1234 operations12 watchkeeper1`.split(
    /\s+/,
  ),
);

/** Errors: WK_BAD_REQUEST with what is wrong with it. `words`: what everybody would try for this user first. */
export function assertGoodPassword(password: string, words: readonly string[]): void {
  const because = whyBad(password, words);
  if (because !== null) throw new WatchError('WK_BAD_REQUEST', `the password ${because}; choose another one`);
}

function whyBad(password: string, words: readonly string[]): string | null {
  const chars = Array.from(password);
  if (chars.length < passwordCharsMin) return `has fewer than ${passwordCharsMin} characters`;
  if (chars.length > passwordCharsMax) return `has more than ${passwordCharsMax} characters`;
  if (new Set(chars).size < 5) return 'has fewer than five different characters';
  const folded = password.toLowerCase();
  if (wellKnown.has(folded)) return 'is in every list of passwords that are tried first';
  const word = ['watchkeeper', ...words].find((one) => one.length >= 4 && folded.includes(one.toLowerCase()));
  return word === undefined ? null : `contains ${word}`;
}

/**
 * Hashes and compares passwords with argon2id, two at a time. Errors: WK_OVERLOADED when too many wait.
 */
export class Passwords {
  readonly #random: Random;
  readonly #waiting: (() => void)[] = [];
  /** Compared with when there is no such user, so that the answer takes as long. */
  #nobody: Promise<string> | null = null;
  #running = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A PHC string. */
  async hash(password: string): Promise<string> {
    const salt = Buffer.from(this.#random.bytes(saltBytes));
    const tag = await this.#derive({
      ...cost,
      message: normal(password),
      nonce: salt,
      tagLength: tagBytes,
    });
    const { memory, passes, parallelism } = cost;
    return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(tag)}`;
  }

  /** `stored` null: there is no such user, or it has no password; takes as long and is false. */
  async matches(password: string, stored: string | null): Promise<boolean> {
    const against = parsePhc(stored ?? (await (this.#nobody ??= this.hash('nobody has this password'))));
    if (against === null) return false;
    const { tag, ...parameters } = against;
    const derived = await this.#derive({ ...parameters, message: normal(password), tagLength: tag.length });
    return timingSafeEqual(derived, tag) && stored !== null;
  }

  async #derive(parameters: Argon2Parameters): Promise<Buffer> {
    await this.#turn();
    try {
      return await new Promise((resolve, reject) => {
        argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(tag)));
      });
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < atOnceMax) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= waitingMax)
      throw new WatchError('WK_OVERLOADED', 'too many sign in at once; try again in a moment');
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
  }
}

/** Two keyboards may write one character in two ways. */
function normal(password: string): Buffer {
  return Buffer.from(password.normalize('NFKC'));
}

interface Phc {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly nonce: Buffer;
  readonly tag: Buffer;
}

/** Null for what is no PHC string of argon2id as we write them, or asks for more than anybody would. */
function parsePhc(text: string): Phc | null {
  const found =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
      text,
    );
  if (!found) return null;
  const [, memory = '', passes = '', parallelism = '', salt = '', tag = ''] = found;
  const parsed = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    nonce: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
  const isSane =
    parsed.memory >= 8 * parsed.parallelism &&
    parsed.memory <= 262_144 &&
    parsed.passes >= 1 &&
    parsed.parallelism >= 1;
  return isSane ? parsed : null;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
