import type { z } from 'zod';
import { keys } from '../model/definitions.ts';
import { depotFileContentSchema, depotFileSchema } from '../model/depot.ts';
import type { DefinitionKind } from '../model/config.ts';
import {
  externalNodeContentSchema,
  externalNodeSchema,
  nodeAttributesContentSchema,
  nodeAttributesSchema,
  policyGroupContentSchema,
  policyGroupSchema,
} from '../model/node-definitions.ts';
import {
  nodeGroupContentSchema,
  nodeGroupSchema,
  policyDefinitionSchema,
  type NodeGroupContent,
} from '../model/policy-definitions.ts';
import { toolDefinitionSchema } from '../model/tool.ts';
import { checkedPolicySchema } from '../policies/checked-policy.ts';
import { checkedToolSchema } from '../policies/checked-tool.ts';
import { depotNamesOf } from '../policies/depot-reference.ts';
import { messageGroupsIn } from '../policies/message-groups-in.ts';
import { toolsIn } from '../policies/policy-actions.ts';
import type { Content } from './canonical.ts';
import { codec, inOrder, lean, type ConfigCodec, type Reference } from './config-codec.ts';

/** What nodes are, what they get, and in which groups. */
export const nodeCodecs: readonly ConfigCodec[] = [
  codec({
    kind: 'depot-file',
    prefix: keys.depotFiles,
    keyOf: keys.depotFile,
    content: depotFileContentSchema,
    stored: depotFileSchema,
    nameOf: (_key, { name }) => name,
    normal: (content) => depotFile(depotFileContentSchema.parse(content)),
    toContent: depotFile,
    toStored: (content, _before, { name, by, atMs }) => ({
      key: keys.depotFile(name),
      value: { name, ...depotFileContentSchema.parse(content), changedMs: atMs, by },
    }),
    references: () => [],
  }),
  codec({
    kind: 'policy',
    prefix: keys.policies,
    keyOf: keys.policy,
    content: checkedPolicySchema,
    stored: policyDefinitionSchema,
    nameOf: (_key, { name }) => name,
    normal: (source) => source,
    toContent: ({ source }) => source,
    toStored: (source, _before, { name, by, atMs }) => ({
      key: keys.policy(name),
      value: { name, source: { ...source }, changedMs: atMs, by },
    }),
    references: (source) => [
      ...places('depot-file', depotNamesOf(source)),
      ...places('tool', toolsIn(source)),
    ],
    mentions: (source) => places('message-group', messageGroupsIn(source)),
  }),
  codec({
    kind: 'tool',
    prefix: keys.tools,
    keyOf: keys.tool,
    content: checkedToolSchema,
    stored: toolDefinitionSchema,
    nameOf: (_key, { name }) => name,
    normal: lean,
    toContent: ({ source }) => source,
    toStored: (source, _before, { name, by, atMs }) => ({
      key: keys.tool(name),
      value: { name, source: { ...source }, changedMs: atMs, by },
    }),
    references: (source) => places('depot-file', depotNamesOf(source)),
  }),
  codec({
    kind: 'policy-group',
    prefix: keys.policyGroups,
    keyOf: keys.policyGroup,
    content: policyGroupContentSchema,
    stored: policyGroupSchema,
    nameOf: (_key, { name }) => name,
    normal: (content) => policyGroup(policyGroupContentSchema.parse(content)),
    toContent: policyGroup,
    toStored: (content, _before, { name, by, atMs }) => ({
      key: keys.policyGroup(name),
      value: { name, ...policyGroupContentSchema.parse(content), changedMs: atMs, by },
    }),
    references: (content) => {
      const { policies, groups } = policyGroupContentSchema.parse(content);
      return [...places('policy', policies), ...places('policy-group', groups)];
    },
  }),
  codec({
    kind: 'node-group',
    prefix: keys.nodeGroups,
    keyOf: keys.nodeGroup,
    content: nodeGroupContentSchema,
    stored: nodeGroupSchema,
    nameOf: (_key, { name }) => name,
    normal: (content) => nodeGroup(nodeGroupContentSchema.parse(content)),
    toContent: nodeGroup,
    toStored: (content, _before, { name, by, atMs }) => ({
      key: keys.nodeGroup(name),
      value: { name, ...nodeGroupContentSchema.parse(content), changedMs: atMs, by },
    }),
    references: (content) => {
      const { policies, policyGroups, groups } = nodeGroupContentSchema.parse(content);
      return [
        ...places('policy', policies),
        ...places('policy-group', policyGroups),
        ...places('node-group', groups),
      ];
    },
  }),
  codec({
    kind: 'node',
    prefix: keys.allNodeAttributes,
    keyOf: keys.nodeAttributes,
    content: nodeAttributesContentSchema,
    stored: nodeAttributesSchema,
    nameOf: (_key, { name }) => name,
    normal: (content) => nodeAttributes(nodeAttributesContentSchema.parse(content)),
    toContent: nodeAttributes,
    toStored: (content, _before, { name, by, atMs }) => ({
      key: keys.nodeAttributes(name),
      value: { name, ...nodeAttributesContentSchema.parse(content), changedMs: atMs, by },
    }),
    references: () => [],
  }),
  codec({
    kind: 'external-node',
    prefix: keys.externalNodes,
    keyOf: keys.externalNode,
    content: externalNodeContentSchema,
    stored: externalNodeSchema,
    nameOf: (_key, { name }) => name,
    normal: (content) => externalNode(externalNodeContentSchema.parse(content)),
    toContent: externalNode,
    toStored: (content, _before, { name, by, atMs }) => ({
      key: keys.externalNode(name),
      value: { name, ...externalNodeContentSchema.parse(content), changedMs: atMs, by },
    }),
    references: () => [],
  }),
];

function depotFile({ sha256, sizeBytes, executable }: z.output<typeof depotFileContentSchema>): Content {
  return lean({ sha256, sizeBytes, executable });
}

function policyGroup({ description, policies, groups }: z.output<typeof policyGroupContentSchema>): Content {
  return lean({ description, policies: inOrder(policies), groups: inOrder(groups) });
}

function nodeGroup({ nodes, rules, groups, policies, policyGroups }: NodeGroupContent): Content {
  return lean({
    nodes: inOrder(nodes),
    rules,
    groups: inOrder(groups),
    policies: inOrder(policies),
    policyGroups: inOrder(policyGroups),
  });
}

function nodeAttributes({ description, labels }: z.output<typeof nodeAttributesContentSchema>): Content {
  return lean({ description, labels });
}

function externalNode(content: z.output<typeof externalNodeContentSchema>): Content {
  const { description, names, addresses } = content;
  return lean({ description, names: inOrder(names), addresses: inOrder(addresses) });
}

function places(kind: DefinitionKind, names: readonly string[]): Reference[] {
  return names.map((name) => ({ kind, name }));
}
