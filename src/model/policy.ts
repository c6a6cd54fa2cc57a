import { z } from 'zod';
import { byteSizeSchema } from './byte-size.ts';
import { nameSchema } from './definitions.ts';
import { depotFilesSchema } from './depot.ts';
import { durationSchema } from './duration.ts';
import { messageLimits } from './message.ts';
import { policyActionSchema, stateActionSchema } from './policy-action.ts';
import { outageSchema } from './outage.ts';
import { severities } from './severity.ts';

const severity = z.enum(severities);
const absolutePath = z.string().min(2).max(4_096).startsWith('/', 'must be an absolute path');
/** Of the machine, or from the depot of the pool. */
const program = z
  .string()
  .max(4_096)
  .regex(/^(?:\/.|depot:[A-Za-z0-9][A-Za-z0-9._-]{0,62}$)/s, 'must be an absolute path, or depot:NAME');

/** Text with `${name}` where the named group of that name, or the whole line as `${line}`, goes. */
const template = z.string().min(1).max(messageLimits.textCharsMax);

const fields = {
  text: template.optional(),
  application: template.optional(),
  object: template.optional(),
  group: template.optional(),
  key: template.optional(),
  attributes: z.record(z.string().min(1).max(messageLimits.nameCharsMax), template).optional(),
};

/** The severity itself, or where to find it: the text of a named group, looked up without regard to letter case. */
const severityRule = z.union([
  severity,
  z.strictObject({
    group: z.string().min(1).max(64),
    map: z.record(z.string().min(1).max(64), severity),
    otherwise: severity,
  }),
]);

/**
 * One rule about a line; the first that matches decides, and `suppress` means that the line makes no message. A named
 * group called text, application, object, group or key sets that field, any other an attribute, unless the
 * rule gives a template for it. Without either the text is the line.
 */
export const logConditionSchema = z.strictObject({
  /** Needed by actions: messages say by it which condition made them, as their attribute `condition`. */
  name: nameSchema.optional(),
  match: z.string().min(1).max(1_024),
  ignoreCase: z.boolean().default(false),
  suppress: z.boolean().default(false),
  severity: severityRule.default('normal'),
  ...fields,
  /** Begun by the acting server for each message that the condition makes. */
  automaticAction: policyActionSchema.optional(),
  /** Offered to who looks at such a message. */
  operatorAction: policyActionSchema.optional(),
});
export type LogCondition = Readonly<z.infer<typeof logConditionSchema>>;

export const logFilePolicySchema = z.strictObject({
  kind: z.literal('log-file'),
  name: nameSchema,
  path: absolutePath,
  /** Where to begin in a file that is there when the policy first runs. One that appears later is read whole. */
  start: z.enum(['beginning', 'end']).default('end'),
  pollEvery: durationSchema(20, 3_600_000).default(500),
  /** A longer line is cut there and marked; what is beyond is read past. */
  lineBytesMax: byteSizeSchema(128, 1_048_576).default(16_384),
  /** Messages in a minute; the rest is counted, and the count is reported. */
  perMinuteMax: z.int().min(1).max(6_000_000).default(6_000),
  conditions: z.array(logConditionSchema).min(1).max(256),
});
export type LogFilePolicy = Readonly<z.infer<typeof logFilePolicySchema>>;

/** A program that keeps the contract of monitoring plugins: exit code 0 to 3, one line of text, performance data. */
export const commandPolicySchema = z.strictObject({
  kind: z.literal('command'),
  name: nameSchema,
  /** The program and its arguments; no shell is in between. A word `depot:NAME` is the path of that file of the depot. */
  command: z
    .tuple([program], z.string().max(4_096))
    .refine((words) => words.length <= 256, 'has more than 256 words'),
  /** The files that it names. Added by the server that sends it; nobody writes it. */
  depot: depotFilesSchema.optional(),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(4_096)).optional(),
  every: durationSchema(1_000, 86_400_000).default(60_000),
  timeout: durationSchema(100, 3_600_000).default(10_000),
  /** `changes`: a message when the state is another than last time. `always`: a message every time. */
  report: z.enum(['changes', 'always']).default('changes'),
  severities: z
    .strictObject({
      ok: severity.default('normal'),
      warning: severity.default('warning'),
      critical: severity.default('critical'),
      unknown: severity.default('unknown'),
    })
    .prefault({}),
  application: z.string().min(1).max(messageLimits.nameCharsMax).optional(),
  object: z.string().min(1).max(messageLimits.nameCharsMax).optional(),
  group: z.string().min(1).max(messageLimits.nameCharsMax).optional(),
  automaticAction: stateActionSchema.optional(),
  operatorAction: stateActionSchema.optional(),
});
export type CommandPolicy = Readonly<z.infer<typeof commandPolicySchema>>;

/** A server or a virtual interface, as rules may name it, and where agents reach it. */
export const managerSystemSchema = z.strictObject({
  name: z.string().min(1).max(256),
  coreId: z.uuid().optional(),
  url: z.url({ protocol: /^https$/ }).max(1_024),
});
export type ManagerSystem = Readonly<z.infer<typeof managerSystemSchema>>;

const systems = z.array(managerSystemSchema).max(256);

/** Whom the rules of a node may name, as its pool knows them: its own servers and virtual interfaces, and other pools. */
export const managerSystemsSchema = z.strictObject({
  own: systems,
  pools: z
    .array(
      z.strictObject({
        id: z.uuid(),
        name: nameSchema,
        /** PEM certificates of the authorities that its servers are believed by. */
        authorities: z.array(z.string().max(8_192)).min(1).max(16),
        servers: systems.min(1),
      }),
    )
    .max(64),
});
export type ManagerSystems = Readonly<z.infer<typeof managerSystemsSchema>>;

export const flexibleTextCharsMax = 200_000;

/** Who may manage the node, and who gets which of its messages when (flexible-management/). */
export const flexiblePolicySchema = z.strictObject({
  kind: z.literal('flexible-management'),
  name: nameSchema,
  /** In the language of responsible-manager files. */
  text: z.string().min(1).max(flexibleTextCharsMax),
  /** Added by the server that sends it; nobody writes it. */
  systems: managerSystemsSchema.optional(),
});
export type FlexiblePolicyFile = Readonly<z.infer<typeof flexiblePolicySchema>>;

/**
 * To which other pools the servers share which messages when, and what becomes of messages outside of service hours and
 * during outages. In force for the pool as soon as it is defined; no node gets it.
 */
export const serverFlexiblePolicySchema = z.strictObject({
  kind: z.literal('server-flexible-management'),
  name: nameSchema,
  /** In the language of responsible-manager files. */
  text: z.string().min(1).max(flexibleTextCharsMax),
  /** False: kept, and not in force. */
  active: z.boolean().optional(),
});

/** The server or virtual interface that the node is to talk to first. Made by `node set-primary`; nobody writes it. */
export const primaryManagerSchema = z.strictObject({
  kind: z.literal('primary-manager'),
  name: z.literal('primary-manager'),
  manager: managerSystemSchema,
});
export type PrimaryManagerFile = Readonly<z.infer<typeof primaryManagerSchema>>;

/** What a node watches by. */
export type WatchPolicy = LogFilePolicy | CommandPolicy;

/** One policy a file. */
export const policySchema = z.discriminatedUnion('kind', [
  logFilePolicySchema,
  commandPolicySchema,
  flexiblePolicySchema,
  serverFlexiblePolicySchema,
  outageSchema,
  primaryManagerSchema,
]);
export type Policy = Readonly<z.infer<typeof policySchema>>;

/** What the servers follow for every message of the pool, by its kind; nodes get none of it. */
export function isForServers(kind: unknown): boolean {
  return kind === 'server-flexible-management' || kind === 'outage';
}

export function isWatchPolicy(policy: Policy): policy is WatchPolicy {
  return policy.kind === 'log-file' || policy.kind === 'command';
}
