import type { ConfigPreview, PreviewRequest } from '../model/config.ts';
import { codeOf, textOf } from '../model/errors.ts';
import type { TextFinding } from '../model/flexible-api.ts';
import { depotFileContentSchema, type DepotFile } from '../model/depot.ts';
import {
  nodeAttributesContentSchema,
  policyGroupContentSchema,
  type NodeFacts,
  type PolicyGroup,
} from '../model/node-definitions.ts';
import {
  nodeGroupContentSchema,
  type NodeGroup,
  type PolicyDefinition,
} from '../model/policy-definitions.ts';
import { readYaml, yamlText } from '../runtime/yaml.ts';
import { AssignedPolicies, nameAlone } from './assigned-policies.ts';
import { canonical, differences, differenceText, isSameContent, type Content } from './canonical.ts';
import { checkConfig, type ConfigAfter } from './check-config.ts';
import { codecOf, contentSchema } from './config-kinds.ts';
import type { ConfigNow } from './config-now.ts';

const changesShownMax = 40;
/** Fields of records that say who wrote them; here nobody has. */
const unwritten = { changedMs: 0, by: '' };

/**
 * What is wrong with a definition that somebody is writing, and what it would change: in itself, and on which nodes.
 * Checks by the same functions as the change itself. `nodes`: all there are, with what is known of each now.
 */
export function previewConfig(
  now: ConfigNow,
  request: PreviewRequest,
  nodes: readonly NodeFacts[],
): ConfigPreview {
  const { kind, name } = request;
  const text = request.text ?? yamlText(canonical(request.content));
  const read = contentOf(request, text);
  if ('finding' in read) return { text, content: null, findings: [read.finding], ...nothing };
  const { content } = read;
  const before = now.find({ kind, name })?.content ?? null;
  const after = now.with([{ kind, name, content }]);
  const problem = problemOf(after, { kind, name, content });
  const changes = differences(before ?? {}, codecOf(kind).normal(content)).map(differenceText);
  return {
    text,
    content: { ...content },
    findings: [],
    problem,
    changes: changes.slice(0, changesShownMax),
    reach: problem === null ? reachOf(now.with([]), after, nodes) : [],
  };
}

const nothing = { problem: null, changes: [], reach: [] };

function contentOf(
  { kind, name }: PreviewRequest,
  text: string,
): { readonly content: Content } | { readonly finding: TextFinding } {
  try {
    const { written } = readYaml(text, contentSchema({ kind, name }), kind);
    const content = Object.fromEntries(Object.entries(written ?? {}));
    if (kind === 'policy' && content['name'] !== name)
      return { finding: finding(`the policy calls itself ${String(content['name'])}, not ${name}`) };
    return { content };
  } catch (error) {
    if (codeOf(error) !== 'WK_CONFIG') throw error;
    return { finding: findingOf(kind, textOf(error)) };
  }
}

/** `policy:LINE: key: reason`, as the reader of files says it. */
function findingOf(kind: string, said: string): TextFinding {
  const rest = said.startsWith(`${kind}:`) ? said.slice(kind.length + 1) : said;
  const [, line, text] = /^(\d+): (.*)$/s.exec(rest) ?? [];
  return line === undefined ? finding(rest.trim()) : { ...finding(text ?? rest), line: Number(line) };
}

function finding(text: string): TextFinding {
  return { level: 'error', line: null, column: null, text };
}

function problemOf(after: ConfigAfter, change: Parameters<typeof checkConfig>[1][number]): string | null {
  try {
    checkConfig(after, [change]);
    return null;
  } catch (error) {
    return textOf(error);
  }
}

/** Nodes that would run something else. */
export function reachOf(
  before: ConfigAfter,
  after: ConfigAfter,
  nodes: readonly NodeFacts[],
): ConfigPreview['reach'] {
  const [old, next] = [assignedIn(before, nodes), assignedIn(after, nodes)];
  return nodes.flatMap(({ name: node }) => {
    const [had, gets] = [old.of(node), next.of(node)];
    if (had.digest === gets.digest) return [];
    const gains = gets.policies.filter((name) => !had.policies.includes(name));
    const loses = had.policies.filter((name) => !gets.policies.includes(name));
    const kept = gets.policies.filter((name) => had.policies.includes(name));
    const changes = kept.filter((name) => !isSameContent(policyIn(before, name), policyIn(after, name)));
    return [{ node, gains, loses, changes }];
  });
}

/** As the server assigns, with the labels that the definitions give. */
function assignedIn(config: ConfigAfter, nodes: readonly NodeFacts[]): AssignedPolicies {
  const groups = config.all('node-group').map(({ name, content }): NodeGroup => ({
    name,
    ...nodeGroupContentSchema.parse(content),
    ...unwritten,
  }));
  const policies = config
    .all('policy')
    .map(({ name, content }): PolicyDefinition => ({ name, source: { ...content }, ...unwritten }));
  const policyGroups = config.all('policy-group').map(({ name, content }): PolicyGroup => ({
    name,
    ...policyGroupContentSchema.parse(content),
    ...unwritten,
  }));
  const depotFiles = config.all('depot-file').map(({ name, content }): DepotFile => ({
    name,
    ...depotFileContentSchema.parse(content),
    ...unwritten,
  }));
  const known = new Map(nodes.map((node) => [node.name, node]));
  const factsOf = (name: string): NodeFacts => {
    const { labels } = nodeAttributesContentSchema.parse(config.get({ kind: 'node', name }) ?? {});
    return { ...(known.get(name) ?? nameAlone(name)), labels };
  };
  return new AssignedPolicies(groups, policies, undefined, { policyGroups, depotFiles, factsOf });
}

function policyIn(config: ConfigAfter, name: string): Content | null {
  return config.get({ kind: 'policy', name });
}
