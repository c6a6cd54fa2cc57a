import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { textOf, WatchError } from '../model/errors.ts';
import type { UserDefinition } from '../model/users.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import type { DoubtedUsers } from './doubted-users.ts';
import type { Passwords } from './password.ts';
import { keyToSignWith } from './session-keys.ts';
import {
  absoluteMs,
  idleMs,
  isSessionText,
  openSession,
  sealSession,
  type SessionClaims,
  type SessionKey,
} from './session-token.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';

const rememberedMax = 100_000;
const sweptAtOnce = 20;

/** What of the coordinator this server has mirrored. */
export interface KnownUsers {
  users(): readonly UserDefinition[];
  user(coreId: string): UserDefinition | null;
  sessionKeys(): readonly SessionKey[];
  isEnded(session: string): boolean;
  /** Sessions that the coordinator still names as ended though they would be over anyhow. */
  endedUntil(nowMs: number): readonly string[];
}

interface Ports {
  readonly coordination: Coordination;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly known: KnownUsers;
  readonly passwords: Passwords;
  readonly throttle: SignInThrottle;
  readonly doubted: Pick<DoubtedUsers, 'isOver' | 'mayNotSignIn'>;
  /** Whether that user has signed in from that address before. */
  isFamiliar(name: string, address: string): boolean;
}

export interface Opened {
  readonly user: UserDefinition;
  readonly claims: SessionClaims;
}

/**
 * Sessions of people. Every server reads every session by itself (session-token.ts), so one goes on when the server that
 * made it is lost, and one can be made while the coordinator is away. A session is over when its time is, when its user
 * was removed, disabled, given another password or other roles (all told by the user's generation), or when it was
 * ended: that stands in the coordinator, and in the audit trail, so that it is heard while the coordinator is away.
 */
export class UserSessions {
  readonly #ports: Ports;
  readonly #ended = new Map<string, number>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Null when the text is no session, or one that is over. `mayIdle`: for a stream that is open all the time. */
  open(text: string, mayIdle = false): Opened | null {
    const { known, clock } = this.#ports;
    if (!isSessionText(text)) return null;
    const claims = openSession(text, known.sessionKeys(), clock.wallMs(), mayIdle);
    if (claims === null || this.isEnded(claims.session)) return null;
    const user = known.user(claims.user);
    // A higher one than we know of was made by a server that heard of the change earlier.
    if (user === null || user.disabled || claims.generation < user.generation) return null;
    if (this.#ports.doubted.isOver(claims.user, claims.createdMs)) return null;
    return { user, claims };
  }

  /**
   * The user with that name and password. Unknown, disabled and wrong are one and the same answer after the same time.
   * Errors: WK_UNAUTHENTICATED, WK_OVERLOADED.
   */
  async verify(name: string, password: string, address: string): Promise<UserDefinition> {
    const { known, passwords, throttle, doubted } = this.#ports;
    const isFamiliar = this.#ports.isFamiliar(name, address);
    if (!throttle.take(name, address, isFamiliar))
      throw new WatchError('WK_OVERLOADED', 'too many attempts to sign in failed; try again in a minute');
    const user = known.users().find((one) => one.name === name) ?? null;
    const isUsable = user !== null && !user.disabled && user.password !== undefined;
    const matches = await passwords.matches(password, isUsable ? (user.password ?? null) : null);
    if (!matches || user === null)
      throw new WatchError('WK_UNAUTHENTICATED', 'the name or the password is wrong');
    throttle.giveBack(name, address, isFamiliar);
    if (doubted.mayNotSignIn(user.coreId))
      throw new WatchError(
        'WK_UNAVAILABLE',
        `${name} was changed, and this server cannot ask the coordinator how; sign in at another server, or later`,
      );
    return user;
  }

  /** A new session, with a new ID. `mayIdle`: for one that is kept in a file, and lasts as long as it lasts. */
  async begin(user: UserDefinition, mayIdle: boolean): Promise<{ claims: SessionClaims; text: string }> {
    const { clock, random } = this.#ports;
    const nowMs = clock.wallMs();
    const expiresMs = nowMs + absoluteMs;
    const claims: SessionClaims = {
      session: Buffer.from(random.bytes(16)).toString('hex'),
      user: user.coreId,
      generation: user.generation,
      createdMs: nowMs,
      idleUntilMs: mayIdle ? expiresMs : nowMs + idleMs,
      expiresMs,
    };
    return { claims, text: sealSession(claims, await this.#key(nowMs)) };
  }

  /** The same session for another while; null as long as that would change little. */
  async renew(claims: SessionClaims): Promise<string | null> {
    const nowMs = this.#ports.clock.wallMs();
    if (claims.idleUntilMs - nowMs > idleMs * 0.75) return null;
    const idleUntilMs = Math.min(nowMs + idleMs, claims.expiresMs);
    return sealSession({ ...claims, idleUntilMs }, await this.#key(nowMs));
  }

  /** Here at once; the coordinator tells the other servers, and the audit trail does where it is away. */
  async end({ session, expiresMs }: Pick<SessionClaims, 'session' | 'expiresMs'>): Promise<void> {
    const { coordination, known, clock, log } = this.#ports;
    this.heardEnded(session, expiresMs);
    const over = known.endedUntil(clock.wallMs()).slice(0, sweptAtOnce);
    try {
      await coordination.transact({
        conditions: [],
        writes: [
          { key: keys.endedSession(session), value: JSON.stringify({ untilMs: expiresMs }) },
          ...over.map((id) => ({ key: keys.endedSession(id), value: null })),
        ],
      });
    } catch (error) {
      log.warn(
        'that a session was ended could not be written into the coordinator; the audit trail tells it',
        {
          error: textOf(error),
        },
      );
    }
  }

  isEnded(session: string): boolean {
    return this.#ended.has(session) || this.#ports.known.isEnded(session);
  }

  /** From the audit trail of any server. */
  heardEnded(session: string, untilMs: number): void {
    this.#ended.set(session, untilMs);
    if (this.#ended.size <= rememberedMax) return;
    const nowMs = this.#ports.clock.wallMs();
    for (const [id, endMs] of this.#ended) if (endMs < nowMs) this.#ended.delete(id);
  }

  #key(nowMs: number): Promise<SessionKey> {
    const { coordination, random, known } = this.#ports;
    return keyToSignWith({ coordination, random }, known.sessionKeys(), nowMs);
  }
}
