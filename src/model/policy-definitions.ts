import { z } from 'zod';
import { nameSchema } from './definitions.ts';
import { nodePatternSchema, nodeRuleSchema } from './node-definitions.ts';

const changed = {
  changedMs: z.int().min(0),
  /** Who changed it last. */
  by: z.string().max(256),
};

/** A policy as its author wrote it; `policies/` says what it may hold. */
export const policyDefinitionSchema = z.strictObject({
  name: nameSchema,
  source: z.record(z.string(), z.unknown()),
  ...changed,
});
export type PolicyDefinition = Readonly<z.infer<typeof policyDefinitionSchema>>;

/** What makes a node group, for people who write one. */
export const nodeGroupContentSchema = z.strictObject({
  /** Names of nodes that belong to it, as patterns: `web*`, `*` for every node, also ones that join later. */
  nodes: z.array(nodePatternSchema).max(10_000).default([]),
  /** A node that fits one of them belongs to it too. */
  rules: z.array(nodeRuleSchema).max(64).default([]),
  /** Other groups whose nodes belong to it too. */
  groups: z.array(nameSchema).max(256).default([]),
  /** Names of the policies that its nodes get. */
  policies: z.array(nameSchema).max(256).default([]),
  /** Names of policy groups, whose policies its nodes get. */
  policyGroups: z.array(nameSchema).max(256).default([]),
});
export type NodeGroupContent = Readonly<z.infer<typeof nodeGroupContentSchema>>;

export const nodeGroupSchema = z.strictObject({
  name: nameSchema,
  ...nodeGroupContentSchema.shape,
  ...changed,
});
export type NodeGroup = Readonly<z.infer<typeof nodeGroupSchema>>;

/** What an agent told last of the policies that it got from the pool. */
export const policiesRunningSchema = z.strictObject({
  /** Of the set that it runs; 0 for an agent that never got one. */
  generation: z.int().min(0),
  digest: z.string().max(64),
  /** The set that it did not take, and why; null when it took the last one. */
  refused: z.strictObject({ digest: z.string().max(64), text: z.string().max(1_024) }).nullable(),
});
export type PoliciesRunning = Readonly<z.infer<typeof policiesRunningSchema>>;

/** How far a node is with its policies. */
export const deploymentStates = [
  /** It runs what it should. */
  'current',
  /** It has not said yet that it runs what it should: it is not connected, or about to. */
  'pending',
  /** It did not take what it should run, and says why. */
  'refused',
  /** Its agent is too old to be sent policies, or was never connected. */
  'unknown',
] as const;
export type DeploymentState = (typeof deploymentStates)[number];

/** Somebody wants to look first: what is changed goes to no agent but the released ones. */
export const deploymentHoldSchema = z.strictObject({
  sinceMs: z.int().min(0),
  by: z.string().max(256),
  /** Core IDs of nodes that get everything all the same. */
  released: z.array(z.uuid()).max(20_000),
});
export type DeploymentHold = Readonly<z.infer<typeof deploymentHoldSchema>>;

/** Nodes that are to be sent what they should run, also what they refused before. */
export const deploymentOrderSchema = z.strictObject({
  atMs: z.int().min(0),
  by: z.string().max(256),
  /** Core IDs; null: all. */
  nodes: z.array(z.uuid()).max(20_000).nullable(),
});
export type DeploymentOrder = Readonly<z.infer<typeof deploymentOrderSchema>>;
