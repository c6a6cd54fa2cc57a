import { z } from 'zod';
import { nameSchema } from './definitions.ts';
import { permissionSchema, type Permission } from './rights.ts';

/** Names of user roles; those of `builtInRoles` cannot be defined anew. */
const roles = z.array(nameSchema).max(32);

export const userDefinitionSchema = z.strictObject({
  coreId: z.uuid(),
  /** What the user signs in with, and what stands beside what they did. */
  name: nameSchema,
  createdMs: z.int().min(0),
  /** For people to read. */
  displayName: z.string().max(128).optional(),
  /** Absent in pools from before there were user roles, whose users were all administrators. */
  roles: roles.default(['administrator']),
  /** A PHC string of argon2id; absent for who has no password. */
  password: z.string().max(512).optional(),
  disabled: z.boolean().default(false),
  /** Raised by every change of password, roles or `disabled`: sessions of a lower one are over. */
  generation: z.int().min(0).default(0),
});
export type UserDefinition = Readonly<z.infer<typeof userDefinitionSchema>>;

export const userRoleSchema = z.strictObject({
  name: nameSchema,
  description: z.string().max(256).optional(),
  permissions: z.array(permissionSchema).max(64),
});
export type UserRole = Readonly<z.infer<typeof userRoleSchema>>;

export const endedSessionSchema = z.strictObject({ untilMs: z.int().min(0) });

/** With which a user sets its first password, once. */
export const setupTokenSchema = z.strictObject({
  user: z.uuid(),
  createdMs: z.int().min(0),
  expiresMs: z.int().min(0),
});

const builtIn = (name: string, description: string, ...given: Permission['right'][]): UserRole => ({
  name,
  description,
  permissions: given.map((right) => ({ right })),
});

/** There in every pool, and the same in each. */
export const builtInRoles: readonly UserRole[] = [
  builtIn('administrator', 'may do everything', 'see', 'operate', 'act', 'configure', 'administer'),
  builtIn('operator', 'sees everything, and works on messages and nodes', 'see', 'operate', 'act'),
  builtIn('observer', 'sees everything and changes nothing', 'see'),
];
