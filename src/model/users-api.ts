import { z } from 'zod';
import { nameSchema } from './definitions.ts';
import { rights, selectorSchema } from './rights.ts';
import { userRoleSchema } from './users.ts';

/** What the HTTP API takes and gives about users and sessions; server, CLI and console share these schemas. */

/** Never stands in an answer, a log, a URL or the audit trail. */
const password = z.string().min(1).max(1_024);
const displayName = z.string().max(128);
const roles = z.array(nameSchema).max(32);

export const userViewSchema = z
  .object({
    coreId: z.string(),
    name: z.string(),
    displayName: z.string(),
    roles: z.array(z.string()),
    disabled: z.boolean(),
    /** Whether it can sign in with a password. */
    hasPassword: z.boolean(),
    createdMs: z.int(),
  })
  .meta({ id: 'User' });
export type UserView = z.infer<typeof userViewSchema>;

export const usersSchema = z.object({ users: z.array(userViewSchema) }).meta({ id: 'Users' });

export const userCreateSchema = z.strictObject({
  name: nameSchema,
  displayName: displayName.optional(),
  roles,
  /** Without one the user is given a setup link. */
  password: password.optional(),
});
export type UserCreate = z.infer<typeof userCreateSchema>;

export const userRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('change'), displayName: displayName.optional(), roles: roles.optional() }),
  z.strictObject({ kind: z.literal('disable') }),
  z.strictObject({ kind: z.literal('enable') }),
  z.strictObject({ kind: z.literal('password'), password }),
  /** Ends all its sessions. */
  z.strictObject({ kind: z.literal('sign-out') }),
  /** Makes a link with which the user sets its password itself; one made before is worth nothing then. */
  z.strictObject({ kind: z.literal('setup-link') }),
]);
export type UserRequest = z.infer<typeof userRequestSchema>;

export const userAnswerSchema = z
  .object({
    user: userViewSchema,
    /** Told this once, to whoever made it. The secret stands behind `#`, which browsers send to nobody. */
    setup: z.object({ path: z.string(), expiresMs: z.int() }).nullable(),
  })
  .meta({ id: 'UserAnswer' });
export type UserAnswer = z.infer<typeof userAnswerSchema>;

export const userRoleViewSchema = userRoleSchema
  .extend({ builtIn: z.boolean(), users: z.int() })
  .meta({ id: 'UserRole' });
export type UserRoleView = z.infer<typeof userRoleViewSchema>;
export const userRolesSchema = z.object({ userRoles: z.array(userRoleViewSchema) }).meta({ id: 'UserRoles' });

export const userRoleBodySchema = userRoleSchema.omit({ name: true });
export type UserRoleBody = z.infer<typeof userRoleBodySchema>;

export const signInSchema = z.strictObject({
  name: z.string().min(1).max(256),
  password,
  /** `cookie` for browsers; `token` answers the session as text, for who keeps it in a file of their own. */
  as: z.enum(['cookie', 'token']).default('cookie'),
});
export type SignInRequest = z.infer<typeof signInSchema>;

export const whoAmISchema = z
  .object({
    kind: z.enum(['user', 'token', 'server']),
    name: z.string(),
    coreId: z.string().nullable(),
    displayName: z.string(),
    roles: z.array(z.string()),
    /** A scope of null is everything. */
    rights: z.array(z.object({ right: z.enum(rights), scope: z.array(selectorSchema).nullable() })),
    /** Null for who came with a certificate or a service token. */
    session: z.object({ idleUntilMs: z.int(), expiresMs: z.int() }).nullable(),
  })
  .meta({ id: 'WhoAmI' });
export type WhoAmI = z.infer<typeof whoAmISchema>;

export const signedInSchema = z
  .object({ who: whoAmISchema, token: z.string().nullable() })
  .meta({ id: 'SignedIn' });
export type SignedIn = z.infer<typeof signedInSchema>;

export const setupSchema = z.strictObject({
  token: z.string().min(1).max(128),
  password,
  /** The name to sign in with from now on; as it is when absent. */
  name: nameSchema.optional(),
  displayName: displayName.optional(),
});
export type SetupRequest = z.infer<typeof setupSchema>;

export const ownPasswordSchema = z.strictObject({ current: password, password });
export type OwnPassword = z.infer<typeof ownPasswordSchema>;

/** A session that is not over as far as the audit trail tells; whether it sits idle stands nowhere but in the session itself. */
export const sessionViewSchema = z
  .object({
    id: z.string(),
    user: z.string(),
    /** Address that it was begun from. */
    from: z.string(),
    /** Server that made it; every server takes it. */
    server: z.string(),
    createdMs: z.int(),
    expiresMs: z.int(),
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof sessionViewSchema>;
export const sessionsSchema = z.object({ sessions: z.array(sessionViewSchema) }).meta({ id: 'Sessions' });

/** A service token without its secret, which nobody is shown twice. */
export const tokenViewSchema = z
  .object({
    /** Names it, and is useless to guess it. */
    id: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    createdMs: z.int(),
    /** Null: until it is revoked. */
    expiresMs: z.int().nullable(),
  })
  .meta({ id: 'ServiceToken' });
export type TokenView = z.infer<typeof tokenViewSchema>;
export const tokensSchema = z.object({ tokens: z.array(tokenViewSchema) }).meta({ id: 'ServiceTokens' });

export const tokenCreateSchema = z.strictObject({
  name: nameSchema,
  roles: roles.min(1),
  /** Null: until it is revoked. */
  validMs: z
    .int()
    .min(60_000)
    .max(10 * 366 * 86_400_000)
    .nullable(),
});
export type TokenCreate = z.infer<typeof tokenCreateSchema>;

/** The token's text: told this once. */
export const tokenAnswerSchema = z.object({ token: z.string() }).meta({ id: 'ServiceTokenAnswer' });

export const doneSchema = z.object({ done: z.literal(true) });
