import { z } from 'zod';
import { nameSchema } from './definitions.ts';
import { deploymentStates, nodeGroupContentSchema, policiesRunningSchema } from './policy-definitions.ts';

/** `0` or left out: whatever is there is replaced. A revision: only if it is still that one. */
const revision = z.int().min(0).optional();

const changed = {
  /** Grows with every change; to be given back with the next one, so that no change of another is lost unseen. */
  revision: z.int(),
  changedMs: z.int(),
  by: z.string(),
};

/** How many nodes are how far. */
const countsSchema = z.record(z.enum(deploymentStates), z.int());

export const policyViewSchema = z
  .object({
    name: z.string(),
    kind: z.string(),
    /** Groups of nodes that name it, themselves or by a policy group. */
    groups: z.array(z.string()),
    /** Nodes that should run it. */
    nodes: countsSchema,
    ...changed,
  })
  .meta({ id: 'Policy' });
export type PolicyView = z.infer<typeof policyViewSchema>;
export const policyViewsSchema = z.object({ policies: z.array(policyViewSchema) }).meta({ id: 'Policies' });

export const policyDetailSchema = policyViewSchema
  .extend({ source: z.record(z.string(), z.unknown()) })
  .meta({ id: 'PolicyDetail' });
export type PolicyDetail = z.infer<typeof policyDetailSchema>;

export const policyRequestSchema = z
  .strictObject({
    /** The policy as it stands in a file; its `name` is that of the path. */
    source: z.record(z.string(), z.unknown()),
    revision,
  })
  .meta({ id: 'PolicyRequest' });
export type PolicyRequest = z.infer<typeof policyRequestSchema>;

export const nodeGroupViewSchema = z
  .object({
    name: z.string(),
    ...nodeGroupContentSchema.shape,
    /** How many nodes belong to it now, also by the groups that it holds. */
    members: z.int(),
    ...changed,
  })
  .meta({ id: 'NodeGroup' });
export type NodeGroupView = z.infer<typeof nodeGroupViewSchema>;
export const nodeGroupViewsSchema = z
  .object({ groups: z.array(nodeGroupViewSchema) })
  .meta({ id: 'NodeGroups' });

export const nodeGroupRequestSchema = z
  .strictObject({ ...nodeGroupContentSchema.shape, revision })
  .meta({ id: 'NodeGroupRequest' });
export type NodeGroupRequest = z.input<typeof nodeGroupRequestSchema>;

export const removalQuerySchema = z.strictObject({
  revision: z.coerce.number<string>().int().min(0).optional(),
  /** Taken out of those that name it, instead of being refused. */
  force: z.enum(['true', 'false']).optional(),
});
export interface Removal {
  readonly revision?: number | undefined;
  readonly force?: boolean | undefined;
}

export const removedSchema = z.object({ removed: z.string() }).meta({ id: 'Removed' });

export const nodePoliciesSchema = z
  .object({
    coreId: z.string(),
    name: z.string(),
    state: z.enum(deploymentStates),
    groups: z.array(z.string()),
    /** Names of the policies that it should run. */
    policies: z.array(z.string()),
    /** The server or virtual interface that it was given as its primary manager; null: whoever the pool lists first. */
    primary: z.string().nullable(),
    /** Of the set that it should run. */
    digest: z.string(),
    /** What it said last; null when it never did. */
    running: policiesRunningSchema.nullable(),
  })
  .meta({ id: 'NodePolicies' });
export type NodePolicies = z.infer<typeof nodePoliciesSchema>;

export const primaryRequestSchema = z
  .strictObject({
    /** A server or virtual interface of the pool, by its name; null: whoever the pool lists first. */
    manager: nameSchema.nullable(),
    /** By name. */
    nodes: z.array(nameSchema).min(1).max(1_000),
  })
  .meta({ id: 'PrimaryRequest' });
export type PrimaryRequest = z.infer<typeof primaryRequestSchema>;

/** What they were before is in the message that the pool makes of it; whether they follow is in the deployment. */
export const primaryAnswerSchema = z.object({ nodes: z.int() }).meta({ id: 'PrimaryAnswer' });

/** Since when changes are sent to nobody by themselves, and who wanted that. */
const heldSchema = z.object({ sinceMs: z.int(), by: z.string(), released: z.array(z.string()) });
export type DeploymentHeld = z.infer<typeof heldSchema>;

export const deploymentSchema = z
  .object({
    nodes: z.array(nodePoliciesSchema),
    /** Null while every change is sent at once. */
    held: heldSchema.nullable().default(null),
  })
  .meta({ id: 'Deployment' });

export const deployRequestSchema = z
  .strictObject({
    /** Names of nodes; null: all, and nothing is held any more. */
    nodes: z.array(nameSchema).min(1).max(10_000).nullable(),
  })
  .meta({ id: 'DeployRequest' });
export type DeployRequest = z.infer<typeof deployRequestSchema>;
export const deployAnswerSchema = z.object({ nodes: z.int() }).meta({ id: 'DeployAnswer' });
