import type { Coordination, Item, Transaction } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import { unreachable } from '../model/invariant.ts';
import type { UserCreate, UserRequest } from '../model/users-api.ts';
import { isAdministrator, lastAdministratorText } from '../model/user-actions.ts';
import {
  setupTokenSchema,
  userDefinitionSchema,
  userRoleSchema,
  type UserDefinition,
} from '../model/users.ts';
import { uuidV4 } from '../model/uuid.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { assertGoodPassword, type Passwords } from './password.ts';
import { newSetupToken, setupMs, setupPath, setupTokenKey } from './setup-token.ts';
import { roleNamed } from './user-roles.ts';

const attemptsMax = 5;

type Condition = Transaction['conditions'][number];
type Write = Transaction['writes'][number];

export interface UsersPorts {
  readonly coordination: Coordination;
  readonly clock: Clock;
  readonly random: Random;
  readonly passwords: Passwords;
}

export interface ChangedUser {
  readonly user: UserDefinition;
  readonly setup: { readonly path: string; readonly expiresMs: number } | null;
}

/** Every user as the coordinator has it. */
type Listed = readonly { readonly user: UserDefinition; readonly item: Item }[];

/** What a change comes to; null where nothing is to be done. */
interface Step {
  readonly conditions: readonly Condition[];
  readonly writes: readonly Write[];
  readonly result: ChangedUser;
}

/**
 * Changes users in the coordinator, where every server sees it within a moment. Errors of all of them: WK_NOT_FOUND,
 * WK_CONFLICT (a name that is taken, the last administrator), WK_BAD_REQUEST (the password), WK_COORDINATOR_AWAY.
 */
export class Users {
  readonly #ports: UsersPorts;

  constructor(ports: UsersPorts) {
    this.#ports = ports;
  }

  async create({ name, displayName, roles, password }: UserCreate): Promise<ChangedUser> {
    const hashed = password === undefined ? undefined : await this.#hash(password, [name]);
    return this.#change(async (listed) => {
      assertFree(listed, name);
      await this.#assertRoles(roles);
      const user: UserDefinition = {
        coreId: uuidV4(this.#ports.random.bytes(16)),
        name,
        createdMs: this.#ports.clock.wallMs(),
        roles: [...new Set(roles)],
        disabled: false,
        generation: 0,
        ...(displayName !== undefined && { displayName }),
        ...(hashed !== undefined && { password: hashed }),
      };
      const link = hashed === undefined ? this.#link(user) : null;
      return {
        conditions: [{ key: keys.user(user.coreId), revision: 0 }],
        writes: [write(user), ...(link?.writes ?? [])],
        result: { user, setup: link?.setup ?? null },
      };
    });
  }

  async change(name: string, request: UserRequest): Promise<ChangedUser> {
    const hashed = request.kind === 'password' ? await this.#hash(request.password, [name]) : undefined;
    return this.#change(async (listed) => {
      const { user, item } = named(listed, name);
      const changed = await this.#changed(user, request, hashed);
      assertAdministrator(listed, changed);
      const link = request.kind === 'setup-link' ? this.#link(user) : null;
      const older = link === null ? [] : await this.#linksOf(user);
      return {
        conditions: [{ key: item.key, revision: item.revision }],
        writes: [write(changed), ...older, ...(link?.writes ?? [])],
        result: { user: changed, setup: link?.setup ?? null },
      };
    });
  }

  async remove(name: string): Promise<ChangedUser> {
    return this.#change(async (listed) => {
      const { user, item } = named(listed, name);
      assertAdministrator(listed, { ...user, disabled: true });
      return {
        conditions: [{ key: item.key, revision: item.revision }],
        writes: [{ key: item.key, value: null }, ...(await this.#linksOf(user))],
        result: { user, setup: null },
      };
    });
  }

  /** A new password for a user that proved its old one, or a setup token that is used up with it. */
  async setPassword(
    coreId: string,
    password: string,
    setup?: {
      readonly token: string;
      readonly name?: string | undefined;
      readonly displayName?: string | undefined;
    },
  ): Promise<ChangedUser> {
    const known = await this.#ports.coordination.get(keys.user(coreId));
    const words = known === null ? [] : [parseUser(known).name];
    const hashed = await this.#hash(password, [...words, ...(setup?.name === undefined ? [] : [setup.name])]);
    return this.#change(async (listed) => {
      const found = listed.find(({ user }) => user.coreId === coreId);
      if (!found) throw new WatchError('WK_NOT_FOUND', 'this user was removed');
      const { user, item } = found;
      const name = setup?.name ?? user.name;
      if (name !== user.name) assertFree(listed, name);
      const used = setup === undefined ? [] : [await this.#useToken(setup.token, coreId)];
      const displayName = setup?.displayName ?? user.displayName;
      const changed: UserDefinition = {
        ...user,
        name,
        password: hashed,
        generation: user.generation + 1,
        ...(displayName !== undefined && { displayName }),
      };
      return {
        conditions: [{ key: item.key, revision: item.revision }, ...used],
        writes: [write(changed), ...used.map(({ key }) => ({ key, value: null }))],
        result: { user: changed, setup: null },
      };
    });
  }

  /** Whose token that is. Errors: WK_TOKEN_UNKNOWN, WK_TOKEN_EXPIRED. */
  async ownerOf(token: string): Promise<string> {
    const key = setupTokenKey(token);
    const item = key === null ? null : await this.#ports.coordination.get(key);
    if (item === null)
      throw new WatchError('WK_TOKEN_UNKNOWN', 'this setup link is unknown or was used; ask for a new one');
    const { user, expiresMs } = setupTokenSchema.parse(JSON.parse(item.value));
    if (this.#ports.clock.wallMs() >= expiresMs)
      throw new WatchError('WK_TOKEN_EXPIRED', 'this setup link has expired; ask for a new one');
    return user;
  }

  async #changed(
    user: UserDefinition,
    request: UserRequest,
    hashed: string | undefined,
  ): Promise<UserDefinition> {
    const generation = user.generation + 1;
    switch (request.kind) {
      case 'change': {
        const { displayName = user.displayName, roles = user.roles } = request;
        await this.#assertRoles(roles);
        const isSame = roles.toSorted().join() === user.roles.toSorted().join();
        return {
          ...user,
          roles: [...new Set(roles)],
          generation: isSame ? user.generation : generation,
          ...(displayName !== undefined && { displayName }),
        };
      }
      case 'disable':
        return { ...user, disabled: true, generation };
      case 'enable':
        return { ...user, disabled: false, generation };
      case 'password':
        return { ...user, generation, ...(hashed !== undefined && { password: hashed }) };
      case 'sign-out':
        return { ...user, generation };
      case 'setup-link':
        return user;
      default:
        return unreachable(request);
    }
  }

  #hash(password: string, words: readonly string[]): Promise<string> {
    assertGoodPassword(password, words);
    return this.#ports.passwords.hash(password);
  }

  async #assertRoles(roles: readonly string[]): Promise<void> {
    const { items } = await this.#ports.coordination.list(keys.userRoles);
    const defined = items.map(({ value }) => userRoleSchema.parse(JSON.parse(value)));
    const find = (name: string) => defined.find((role) => role.name === name) ?? null;
    const unknown = roles.find((name) => roleNamed(name, find) === null);
    if (unknown !== undefined)
      throw new WatchError('WK_NOT_FOUND', `there is no user role ${unknown}; see \`user-role list\``);
  }

  #link(user: UserDefinition): { writes: Write[]; setup: NonNullable<ChangedUser['setup']> } {
    const token = newSetupToken(this.#ports.random);
    const createdMs = this.#ports.clock.wallMs();
    const expiresMs = createdMs + setupMs;
    const key = setupTokenKey(token) ?? '';
    const value = JSON.stringify({ user: user.coreId, createdMs, expiresMs });
    return { writes: [{ key, value }], setup: { path: setupPath(token, user.name), expiresMs } };
  }

  async #linksOf(user: UserDefinition): Promise<Write[]> {
    const { items } = await this.#ports.coordination.list(keys.setupTokens);
    return items
      .filter(({ value }) => setupTokenSchema.parse(JSON.parse(value)).user === user.coreId)
      .map(({ key }) => ({ key, value: null }));
  }

  async #useToken(token: string, coreId: string): Promise<Condition> {
    if ((await this.ownerOf(token)) !== coreId) throw new WatchError('WK_TOKEN_UNKNOWN');
    const key = setupTokenKey(token) ?? '';
    const item = await this.#ports.coordination.get(key);
    return { key, revision: item?.revision ?? -1 };
  }

  async #change(step: (listed: Listed) => Promise<Step>): Promise<ChangedUser> {
    const { coordination, clock } = this.#ports;
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      // Read before the users: whatever changes any of them afterwards makes the transaction fail.
      const guard = await coordination.get(keys.userNames);
      const { items } = await coordination.list(keys.users);
      const listed = items.map((item) => ({ user: parseUser(item), item }));
      const { conditions, writes, result } = await step(listed);
      const { done } = await coordination.transact({
        conditions: [...conditions, { key: keys.userNames, revision: guard?.revision ?? 0 }],
        writes: [...writes, { key: keys.userNames, value: JSON.stringify({ lastMs: clock.wallMs() }) }],
      });
      if (done) return result;
    }
    throw new WatchError('WK_CONFLICT', 'users are being changed by others at the same time; try again');
  }
}

function parseUser({ value }: Item): UserDefinition {
  return userDefinitionSchema.parse(JSON.parse(value));
}

function write(user: UserDefinition): Write {
  return { key: keys.user(user.coreId), value: JSON.stringify(user) };
}

function named(listed: Listed, name: string): Listed[number] {
  const found = listed.find(({ user }) => user.name === name);
  if (found) return found;
  throw new WatchError('WK_NOT_FOUND', `there is no user ${name}`);
}

/** Names that differ in letter case only would be taken for each other. */
function assertFree(listed: Listed, name: string): void {
  if (listed.some(({ user }) => user.name.toLowerCase() === name.toLowerCase()))
    throw new WatchError('WK_CONFLICT', `there is a user ${name} already; choose another name`);
}

/** Somebody must be left who can give rights. */
function assertAdministrator(listed: Listed, changed: UserDefinition): void {
  const after = listed.map(({ user }) => (user.coreId === changed.coreId ? changed : user));
  if (!after.some(isAdministrator)) throw new WatchError('WK_CONFLICT', lastAdministratorText(changed.name));
}
