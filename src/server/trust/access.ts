import { currentSessions } from '../../access/current-sessions.ts';
import { AccessWatch, FamiliarAddresses } from '../../access/access-watch.ts';
import { changedUsers } from '../../access/changed-users.ts';
import { DoubtedUsers } from '../../access/doubted-users.ts';
import type { AuditTrail } from '../../access/audit-trail.ts';
import type { Account } from '../../access/caller.ts';
import { removeUserRole, setUserRole } from '../../access/change-user-role.ts';
import { Passwords } from '../../access/password.ts';
import { absoluteMs, type SessionClaims } from '../../access/session-token.ts';
import { SignInThrottle, unknownAccount } from '../../access/sign-in-throttle.ts';
import { UserSessions } from '../../access/user-sessions.ts';
import { Users, type ChangedUser } from '../../access/users.ts';
import { verifyAudit } from '../../access/verify-audit.ts';
import { auditCursor, type AuditRow } from '../../messages/audit-rows.ts';
import {
  auditRecordSchema,
  type AuditDraft,
  type AuditRecord,
  type AuditPage,
  type AuditQuery,
  type AuditVerdict,
} from '../../model/audit.ts';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import { coreIdOfOrigin, type Origin } from '../../model/origin.ts';
import { parseJson } from '../../model/parse-json.ts';
import type { Uuid } from '../../model/uuid.ts';
import type {
  OwnPassword,
  SetupRequest,
  SignInRequest,
  SessionView,
  TokenCreate,
  TokenView,
  UserAnswer,
  UserCreate,
  UserRequest,
  UserRoleBody,
  UserRoleView,
  UserView,
} from '../../model/users-api.ts';
import { builtInRoles, type UserDefinition, type UserRole } from '../../model/users.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import { createApiToken, listApiTokens, revokeApiToken } from '../../security/api-token.ts';
import type { AccessApi, SignedInUser } from '../http/access-api.ts';
import type { PoolView } from '../views/pool-view.ts';
import type { Store } from '../store.ts';

interface Ports {
  readonly runtime: Runtime;
  readonly coordination: Coordination;
  /** The same for what somebody does to definitions: it is recorded with it. */
  readonly recorded: (by: string, via: string) => Coordination;
  readonly store: Store;
  readonly pool: PoolView;
  readonly trail: AuditTrail;
  readonly self: { readonly name: string };
}

const familiarMs = 30 * 86_400_000;
const familiarReadMax = 1_000;
const changesReadMax = 1_000;
const sessionsReadMax = 5_000;

/** Who may do what on this server: sessions, users, user roles, and the audit trail. */
export class Access implements AccessApi {
  readonly #ports: Ports;
  readonly #sessions: UserSessions;
  readonly #passwords: Passwords;
  readonly #doubted: DoubtedUsers;
  readonly #stop: () => void;

  constructor(ports: Ports) {
    const { runtime, coordination, store, pool } = ports;
    this.#ports = ports;
    this.#passwords = new Passwords(runtime.random);
    const throttle = new SignInThrottle(runtime.clock);
    const familiar = new FamiliarAddresses();
    const passwords = this.#passwords;
    this.#doubted = new DoubtedUsers({
      coordination,
      timers: runtime.timers,
      user: (coreId) => pool.user(coreId),
    });
    this.#sessions = new UserSessions({
      ...runtime,
      coordination,
      known: pool,
      passwords,
      throttle,
      doubted: this.#doubted,
      isFamiliar: (name, address) => familiar.has(name, address),
    });
    const watch = new AccessWatch({
      ownOrigin: store.journal.origin,
      sessions: this.#sessions,
      throttle,
      familiar,
      changed: (record) => this.#heardChange(record),
    });
    this.#remember(familiar);
    this.#stop = store.journal.onCommit((entries) => watch.committed(entries));
  }

  close(): void {
    this.#stop();
    this.#doubted.close();
  }

  isDoubted(coreId: Uuid): boolean {
    return this.#doubted.isRefused(coreId);
  }

  #heardChange(record: AuditRecord): void {
    const changed = changedUsers(record, this.#ports.pool.users());
    for (const coreId of changed?.coreIds ?? [])
      this.#doubted.heard(coreId, record.atMs, changed?.isWhole ?? false);
  }

  session(text: string, mayIdle: boolean) {
    const opened = this.#sessions.open(text, mayIdle);
    return opened && { account: this.#accountOf(opened.user), claims: opened.claims };
  }

  renew(claims: SessionClaims): Promise<string | null> {
    return this.#sessions.renew(claims);
  }

  async signIn({ name, password, as }: SignInRequest, from: string): Promise<SignedInUser> {
    const isKnown = this.#ports.pool.users().some((user) => user.name === name);
    const target = isKnown ? name : unknownAccount(name);
    try {
      const user = await this.#sessions.verify(name, password, from);
      return await this.#begin(user, from, as === 'token', { action: 'session.create', detail: '' });
    } catch (error) {
      if (['WK_UNAUTHENTICATED', 'WK_OVERLOADED'].includes(codeOf(error)))
        this.denied({ ...nobody(from), action: 'session.create', target, detail: textOf(error) });
      throw error;
    }
  }

  signOut(claims: SessionClaims): Promise<void> {
    return this.#sessions.end(claims);
  }

  async setup(request: SetupRequest, from: string): Promise<SignedInUser> {
    const action = 'user.setup';
    let coreId: string;
    try {
      coreId = await this.#users('', action).ownerOf(request.token);
    } catch (error) {
      this.denied({ ...nobody(from), action, target: '', detail: textOf(error) });
      throw error;
    }
    const before = this.#ports.pool.user(coreId)?.name ?? coreId;
    const detail = request.name === undefined ? '' : `name ${request.name}`;
    const by = { ...nobody(from), kind: 'user' as const, by: before, coreId };
    await this.record({ ...by, action, target: before, detail, outcome: 'allowed' });
    const { user } = await this.#users(before, action).setPassword(coreId, request.password, request);
    return this.#begin(user, from, false, { action: 'session.create', detail: 'by a setup link' });
  }

  async changeOwnPassword(
    caller: Account,
    { current, password }: OwnPassword,
    from: string,
    mayIdle: boolean,
  ): Promise<SignedInUser> {
    const { coreId, name } = caller;
    if (coreId === null || this.#ports.pool.user(coreId) === null)
      throw new WatchError('WK_DENIED', 'only a user has a password');
    await this.#sessions.verify(name, current, from);
    const { user } = await this.#users(name, 'user password').setPassword(coreId, password);
    return this.#begin(user, from, mayIdle, {
      action: 'session.create',
      detail: 'after a change of password',
    });
  }

  describe({ coreId }: Account): { displayName: string; roles: readonly string[] } {
    const user = coreId === null ? null : this.#ports.pool.user(coreId);
    return { displayName: user?.displayName ?? '', roles: user?.roles ?? [] };
  }

  users(): UserView[] {
    return this.#ports.pool
      .users()
      .map(userView)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async createUser(request: UserCreate, by: string): Promise<UserAnswer> {
    return answerOf(await this.#users(by, 'user add').create(request));
  }

  async changeUser(name: string, request: UserRequest, by: string): Promise<UserAnswer> {
    return answerOf(await this.#users(by, `user ${request.kind}`).change(name, request));
  }

  async removeUser(name: string, by: string): Promise<void> {
    await this.#users(by, 'user remove').remove(name);
  }

  userRoles(): UserRoleView[] {
    const { pool } = this.#ports;
    const count = (name: string): number => pool.users().filter(({ roles }) => roles.includes(name)).length;
    const defined = pool.userRoles().filter(({ name }) => !builtInRoles.some((role) => role.name === name));
    return [
      ...builtInRoles.map((role) => ({ ...role, builtIn: true, users: count(role.name) })),
      ...defined.map((role) => ({ ...role, builtIn: false, users: count(role.name) })),
    ];
  }

  setUserRole(name: string, body: UserRoleBody, by: string): Promise<UserRole> {
    return setUserRole(this.#ports.recorded(by, 'user-role set'), name, body);
  }

  removeUserRole(name: string, by: string): Promise<void> {
    return removeUserRole(this.#ports.recorded(by, 'user-role remove'), name);
  }

  async tokens(): Promise<TokenView[]> {
    return listApiTokens(this.#ports.coordination);
  }

  async createToken(request: TokenCreate): Promise<string> {
    const unknown = request.roles.filter((role) => !this.userRoles().some(({ name }) => name === role));
    if (unknown.length > 0)
      throw new WatchError('WK_BAD_REQUEST', `there is no user role ${unknown.join(', ')}`);
    const { coordination, runtime } = this.#ports;
    return createApiToken({ coordination, ...runtime }, request);
  }

  revokeToken(name: string): Promise<void> {
    return revokeApiToken(this.#ports.coordination, name);
  }

  sessions(): SessionView[] {
    return this.#sessionsBut((session) => this.#sessions.isEnded(session));
  }

  #sessionsBut(isEnded: (session: string) => boolean): SessionView[] {
    const nowMs = this.#ports.runtime.clock.wallMs();
    const { audit } = this.#ports.store.messages;
    const since = { sinceMs: nowMs - absoluteMs, outcome: 'allowed', limit: sessionsReadMax } as const;
    const read = (action: string) => audit.list({ action, ...since }).flatMap((row) => this.#auditView(row));
    return currentSessions(read('session.create'), read('user'), isEnded, nowMs);
  }

  async endSession(id: string): Promise<void> {
    // By now the record of this very request has ended it here; the coordinator is still to be told.
    const found = this.#sessionsBut(() => false).find((one) => one.id === id);
    if (!found) throw new WatchError('WK_NOT_FOUND', `there is no session ${id}; it may be over`);
    await this.#sessions.end({ session: id, expiresMs: found.expiresMs });
  }

  record(draft: AuditDraft): Promise<void> {
    return this.#ports.trail.record(draft);
  }

  denied(draft: Omit<AuditDraft, 'outcome'>): void {
    this.#ports.trail.denied(draft);
  }

  audit(query: AuditQuery): AuditPage {
    const rows = this.#ports.store.messages.audit.list(query);
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    const next = rows.length > query.limit && last !== undefined ? auditCursor(last) : null;
    return { records: page.flatMap((row) => this.#auditView(row)), next };
  }

  async verifyAudit(): Promise<AuditVerdict> {
    const { store, self, runtime } = this.#ports;
    const rows = store.messages.audit.pages(() => new Promise((resolve) => runtime.timers.soon(resolve)));
    const chains = await verifyAudit(rows, (origin) => this.#serverName(origin));
    return { server: self.name, positions: { ...store.journal.positions() }, chains };
  }

  /** In the name of who changes them. */
  #users(by: string, via: string): Users {
    const { runtime, recorded } = this.#ports;
    return new Users({ ...runtime, coordination: recorded(by, via), passwords: this.#passwords });
  }

  /** The record is written before anybody is handed the session. */
  async #begin(
    user: UserDefinition,
    from: string,
    mayIdle: boolean,
    { action, detail }: { readonly action: string; readonly detail: string },
  ): Promise<SignedInUser> {
    const { claims, text } = await this.#sessions.begin(user, mayIdle);
    const { coreId, name } = user;
    const who = { kind: 'user', by: name, coreId, from, session: claims.session } as const;
    await this.record({ ...who, action, target: name, outcome: 'allowed', detail });
    return { account: this.#accountOf(user), claims, text };
  }

  #accountOf({ name, coreId, roles }: UserDefinition): Account {
    return { name, coreId, rights: this.#ports.pool.rights(roles) };
  }

  #auditView(row: AuditRow): AuditPage['records'] {
    const parsed = auditRecordSchema.safeParse(parseJson(row.text));
    // One that was altered so that it cannot be read is found by `verify`.
    if (!parsed.success) return [];
    return [{ ...parsed.data, origin: row.origin, server: this.#serverName(row.origin) }];
  }

  #serverName(origin: Origin): string {
    const coreId = coreIdOfOrigin(origin);
    return this.#ports.pool.server(coreId)?.name ?? coreId;
  }

  /** What the trail says from before this start. */
  #remember(familiar: FamiliarAddresses): void {
    const { store, runtime } = this.#ports;
    const nowMs = runtime.clock.wallMs();
    const { audit } = store.messages;
    for (const { session, atMs } of audit.endedSessions(Math.max(0, nowMs - absoluteMs)))
      this.#sessions.heardEnded(session, atMs + absoluteMs);
    for (const action of ['user', 'user-role'])
      for (const row of audit.list({
        action,
        sinceMs: Math.max(0, nowMs - absoluteMs),
        limit: changesReadMax,
      }))
        for (const record of this.#auditView(row)) this.#heardChange(record);
    const sinceMs = Math.max(0, nowMs - familiarMs);
    const signIns = audit.list({
      action: 'session.create',
      outcome: 'allowed',
      sinceMs,
      limit: familiarReadMax,
    });
    for (const { target, from } of signIns.toReversed().flatMap((row) => this.#auditView(row)))
      familiar.add(target, from);
  }
}

function nobody(from: string) {
  return { kind: 'nobody', by: '', coreId: null, from, session: null } as const;
}

function userView(user: UserDefinition): UserView {
  const { coreId, name, displayName = '', roles, disabled, password, createdMs } = user;
  return { coreId, name, displayName, roles, disabled, hasPassword: password !== undefined, createdMs };
}

function answerOf({ user, setup }: ChangedUser): UserAnswer {
  return { user: userView(user), setup };
}
