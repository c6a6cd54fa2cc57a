import { z } from 'zod';
import {
  actingRole,
  keys,
  nameSchema,
  networkInterfaceSchema,
  roleDefinitionSchema,
  virtualInterfacePrefix,
  type RoleDefinition,
} from '../model/definitions.ts';
import { messageGroupContentSchema, messageGroupSchema } from '../model/message-groups.ts';
import { durationSchema, durationText } from '../model/duration.ts';
import { WatchError } from '../model/errors.ts';
import { permissionSchema } from '../model/rights.ts';
import { statusVariableContentSchema, statusVariableSchema } from '../model/status-variables.ts';
import { builtInRoles, userDefinitionSchema, userRoleSchema, type UserDefinition } from '../model/users.ts';
import { parseVirtualAddress } from '../model/virtual-address.ts';
import { literalPatterns } from '../policies/message-groups-in.ts';
import type { Content } from './canonical.ts';
import { anySettingSchema, settingSchema } from './settings.ts';
import { codec, inOrder, lean, type ConfigCodec, type PoolNames, type Reference } from './config-codec.ts';

const host = z.string().min(1).max(256);
const port = z.int().min(1).max(65_535);

/** Servers by name, which are the same in a pool that was made from the same files. */
const roleContentSchema = z.strictObject({
  order: z.array(nameSchema).max(256).default([]),
  failback: z.enum(['manual', 'automatic']).default('manual'),
  settle: durationSchema(0, 86_400_000).optional(),
  pinned: nameSchema.optional(),
  carrier: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('listen'), host, port }),
      z.strictObject({ kind: z.literal('load-balancer'), host, port }),
      z.strictObject({
        kind: z.literal('address'),
        address: z
          .string()
          .refine((text) => 'address' in parseVirtualAddress(text), 'cannot be moved between hosts'),
        port,
        interface: networkInterfaceSchema,
        interfaces: z.record(nameSchema, networkInterfaceSchema).default({}),
      }),
    ])
    .optional(),
});

const userContentSchema = z.strictObject({
  displayName: z.string().min(1).max(128).optional(),
  roles: z.array(nameSchema).max(32).default([]),
  disabled: z.boolean().default(false),
});
const userRoleContentSchema = z.strictObject({
  description: z.string().min(1).max(256).optional(),
  permissions: z.array(permissionSchema).max(64).default([]),
});

/** Who works with the pool, and how its servers share their duties. */
export const poolCodecs: readonly ConfigCodec[] = [
  codec({
    kind: 'setting',
    prefix: keys.settings,
    keyOf: keys.setting,
    content: anySettingSchema,
    contentOf: settingSchema,
    stored: anySettingSchema,
    nameOf: (key) => key.slice(keys.settings.length),
    normal: (content) => content,
    toContent: (setting) => ({ ...setting }),
    toStored: (content, _before, { name }) => ({
      key: keys.setting(name),
      value: anySettingSchema.parse(settingSchema(name).parse(content)),
    }),
    references: () => [],
  }),
  codec({
    kind: 'message-group',
    prefix: keys.messageGroups,
    keyOf: keys.messageGroup,
    content: messageGroupContentSchema,
    stored: messageGroupSchema,
    nameOf: (_key, { name }) => name,
    normal: (content) => messageGroup(messageGroupContentSchema.parse(content)),
    toContent: messageGroup,
    toStored: (content, _before, { name, by, atMs }) => ({
      key: keys.messageGroup(name),
      value: { name, ...messageGroupContentSchema.parse(content), changedMs: atMs, by },
    }),
    references: () => [],
  }),
  codec({
    kind: 'status-variable',
    prefix: keys.statusVariables,
    keyOf: keys.statusVariable,
    content: statusVariableContentSchema,
    stored: statusVariableSchema,
    nameOf: (_key, { name }) => name,
    normal: (content) => content,
    toContent: ({ value }) => ({ value }),
    toStored: (content, _before, { name, by, atMs }) => ({
      key: keys.statusVariable(name),
      value: { name, ...statusVariableContentSchema.parse(content), changedMs: atMs, by },
    }),
    references: () => [],
  }),
  codec({
    kind: 'user-role',
    prefix: keys.userRoles,
    keyOf: keys.userRole,
    content: userRoleContentSchema,
    stored: userRoleSchema,
    nameOf: (_key, { name }) => name,
    normal: (content) => userRole(userRoleContentSchema.parse(content)),
    toContent: userRole,
    toStored: (content, _before, { name }) => {
      if (isBuiltIn(name))
        throw new WatchError('WK_CONFLICT', `${name} is built in and stays as it is; choose another name`);
      return { key: keys.userRole(name), value: { name, ...userRoleContentSchema.parse(content) } };
    },
    references: () => [],
    mentions: (content) =>
      userRoleContentSchema
        .parse(content)
        .permissions.flatMap(({ groups }) => literalPatterns(groups))
        .map((name) => ({ kind: 'message-group', name })),
  }),
  codec({
    kind: 'user',
    prefix: keys.users,
    keyOf: () => null,
    content: userContentSchema,
    stored: userDefinitionSchema,
    nameOf: (_key, { name }) => name,
    normal: (content) => user(userContentSchema.parse(content)),
    toContent: user,
    toStored: (content, before, { name, atMs, newId }) => {
      const { displayName, ...told } = userContentSchema.parse(content);
      const roles = [...new Set(told.roles)];
      const coreId = before?.coreId ?? newId();
      const isSame =
        before !== null &&
        before.disabled === told.disabled &&
        before.roles.toSorted().join() === roles.toSorted().join();
      const { displayName: _, ...kept } = before ?? { coreId, name, createdMs: atMs, generation: 0 };
      const generation = isSame || before === null ? kept.generation : kept.generation + 1;
      const said = displayName === undefined ? {} : { displayName };
      return {
        key: keys.user(coreId),
        value: { ...kept, ...said, roles, disabled: told.disabled, generation },
      };
    },
    references: (content) =>
      userContentSchema
        .parse(content)
        .roles.filter((name) => !isBuiltIn(name))
        .map((name) => ({ kind: 'user-role', name })),
  }),
  codec({
    kind: 'role',
    prefix: keys.roles,
    keyOf: keys.role,
    content: roleContentSchema,
    stored: roleDefinitionSchema,
    nameOf: (_key, { role }) => role,
    normal: (content) => {
      const { settle, ...told } = roleContentSchema.parse(content);
      return role({ ...told, settle: settle === undefined ? undefined : durationText(settle) });
    },
    toContent: (stored, names) => role(inNames(stored, names)),
    toStored: (content, before, { name, names }) => ({
      key: keys.role(name),
      value: roleDefinition(name, roleContentSchema.parse(content), before, names),
    }),
    references: (content) => serversOf(roleContentSchema.parse(content)),
  }),
];

function isBuiltIn(name: string): boolean {
  return builtInRoles.some((role) => role.name === name);
}

function messageGroup({ description, contact }: z.output<typeof messageGroupContentSchema>): Content {
  return lean({ description, contact });
}

function userRole({ description, permissions }: z.output<typeof userRoleContentSchema>): Content {
  return lean({ description: description === '' ? undefined : description, permissions });
}

function user(stored: Pick<UserDefinition, 'displayName' | 'roles' | 'disabled'>): Content {
  const { displayName, roles, disabled } = stored;
  return lean({ displayName: displayName === '' ? undefined : displayName, roles: inOrder(roles), disabled });
}

type NamedRole = Omit<z.output<typeof roleContentSchema>, 'settle'> & {
  readonly settle?: string | undefined;
};

function role({ order, failback, settle, pinned, carrier }: NamedRole): Content {
  return lean({ order: [...new Set(order)], failback, settle, pinned, carrier: carrier && lean(carrier) });
}

/** A server that is gone from the pool is left out. */
function inNames(stored: RoleDefinition, { servers }: PoolNames): NamedRole {
  const { order, failback, settleMs, pinned, carrier } = stored;
  const nameOf = (coreId: string): string[] =>
    servers.filter((server) => server.coreId === coreId).map(({ name }) => name);
  return {
    order: order.flatMap(nameOf),
    failback,
    settle: settleMs === undefined ? undefined : durationText(settleMs),
    pinned: pinned === null ? undefined : nameOf(pinned)[0],
    carrier:
      carrier?.kind === 'address'
        ? { ...carrier, interfaces: renamed(carrier.interfaces, nameOf) }
        : (carrier ?? undefined),
  };
}

function renamed(
  interfaces: Readonly<Record<string, string>>,
  nameOf: (key: string) => readonly string[],
): Record<string, string> {
  const entries = Object.entries(interfaces);
  return Object.fromEntries(entries.flatMap(([key, one]) => nameOf(key).map((name) => [name, one])));
}

function serversOf({ order, pinned, carrier }: z.output<typeof roleContentSchema>): Reference[] {
  const elsewhere = carrier?.kind === 'address' ? Object.keys(carrier.interfaces) : [];
  const names = [...order, ...elsewhere, ...(pinned === undefined ? [] : [pinned])];
  return inOrder(names).map((name) => ({ kind: 'server', name }));
}

function roleDefinition(
  role: string,
  { order, failback, settle, pinned, carrier }: z.output<typeof roleContentSchema>,
  before: RoleDefinition | null,
  names: PoolNames,
): RoleDefinition {
  const isInterface = role.startsWith(virtualInterfacePrefix);
  if (!isInterface && role !== actingRole)
    throw new WatchError(
      'WK_BAD_REQUEST',
      `there is no role ${role}; there are: acting, virtual-interface/NAME`,
    );
  if (isInterface !== (carrier !== undefined))
    throw new WatchError(
      'WK_BAD_REQUEST',
      isInterface ? `role ${role} needs a carrier` : `role ${role} has no address, so no carrier`,
    );
  const idOf = (name: string): string => serverId(role, name, names);
  return {
    role,
    order: [...new Set(order.map(idOf))],
    failback,
    pinned: pinned === undefined ? null : idOf(pinned),
    carrier: carrier === undefined ? null : carrierOf(carrier, idOf),
    ...(settle !== undefined && { settleMs: settle }),
    ...(before?.move && { move: before.move }),
    ...(before?.drill && { drill: before.drill }),
  };
}

function carrierOf(
  carrier: NonNullable<z.output<typeof roleContentSchema>['carrier']>,
  idOf: (name: string) => string,
): NonNullable<RoleDefinition['carrier']> {
  if (carrier.kind !== 'address') return carrier;
  const parsed = parseVirtualAddress(carrier.address);
  return {
    ...carrier,
    address: 'address' in parsed ? parsed.address : carrier.address,
    interfaces: renamed(carrier.interfaces, (name) => [idOf(name)]),
  };
}

function serverId(role: string, name: string, { servers }: PoolNames): string {
  const found = servers.find((server) => server.name === name);
  if (found) return found.coreId;
  const known = servers.map((server) => server.name).join(', ');
  throw new WatchError(
    'WK_BAD_REQUEST',
    `role ${role} names server ${name}, which this pool has not; there are: ${known}`,
  );
}
