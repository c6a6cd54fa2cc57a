import { hash } from 'node:crypto';
import type { Clock } from '../runtime/clock.ts';
import { TokenBuckets } from '../security/token-bucket.ts';
import { networkOf } from '../model/network-of.ts';

const addressLimits = { burst: 20, perMinute: 2, callersMax: 16_384 };
/** As many accounts as can be told apart, so that none is ever forgotten because others were tried. */
const accountLimits = { burst: 10, perMinute: 1, callersMax: 65_536 };
const ownLimits = { burst: 10, perMinute: 2, callersMax: 16_384 };

/**
 * How often signing in may fail, for each address and for each account. Whoever has signed in from an address before is
 * counted there apart, so that strangers who guess at an account do not lock its owner out; nobody is locked out for longer
 * than a minute a try. Failures on other servers of the pool are counted too. An account that does not exist is counted
 * like any other.
 */
export class SignInThrottle {
  readonly #addresses: TokenBuckets;
  readonly #accounts: TokenBuckets;
  readonly #own: TokenBuckets;

  constructor(clock: Clock) {
    this.#addresses = new TokenBuckets(clock, addressLimits);
    this.#accounts = new TokenBuckets(clock, accountLimits);
    this.#own = new TokenBuckets(clock, ownLimits);
  }

  /** Takes what a failure costs; false when there is nothing left. `isFamiliar`: that account was used from there. */
  take(name: string, address: string, isFamiliar: boolean): boolean {
    return this.#take(accountKey(name), networkOf(address), isFamiliar);
  }

  /** It was no failure. */
  giveBack(name: string, address: string, isFamiliar: boolean): void {
    const from = networkOf(address);
    this.#addresses.give(from);
    if (isFamiliar) this.#own.give(`${accountKey(name)} ${from}`);
    else this.#accounts.give(accountKey(name));
  }

  /** Another server says that it failed there: by the name, or by what `unknownAccount` made of it. */
  takeTold(target: string, address: string, isFamiliar: boolean): void {
    const told = /^unknown account #([0-9a-f]{4})$/.exec(target)?.[1];
    this.#take(told ?? accountKey(target), networkOf(address), isFamiliar);
  }

  #take(account: string, from: string, isFamiliar: boolean): boolean {
    if (!this.#addresses.take(from)) return false;
    return isFamiliar ? this.#own.take(`${account} ${from}`) : this.#accounts.take(account);
  }
}

/** What the audit trail says of a name that nobody has: it may be a password, typed into the wrong field. */
export function unknownAccount(name: string): string {
  return `unknown account #${accountKey(name)}`;
}

/** One of 65,536: two names that share one are merely counted together. */
function accountKey(name: string): string {
  return hash('sha256', name.toLowerCase()).slice(0, 4);
}
