import { hash } from 'node:crypto';
import { z } from 'zod';
import { textOf } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import type { Policy } from '../model/policy.ts';
import { checkedPolicySchema } from './checked-policy.ts';

/** A policy as its author wrote it: what stands in the YAML file, as JSON. */
export type PolicySource = Readonly<Record<string, unknown>>;

/** All policies of one node. */
export interface PolicySet {
  /** JSON, an array of sources. */
  readonly text: string;
  /** SHA-256 (hex) of the text. */
  readonly digest: string;
}

/** A frame of the link has to hold it. */
export const policySetBytesMax = 1_048_576;

/** In the order given, which has to be the same wherever the same set is made. */
export function policySet(sources: readonly PolicySource[]): PolicySet {
  const text = JSON.stringify(sources);
  return { text, digest: hash('sha256', text) };
}

/** The digest of a node without policies. */
export const emptyDigest = policySet([]).digest;

export interface RefusedPolicy {
  /** Its name, or its place in the set. */
  readonly policy: string;
  readonly text: string;
}

/**
 * The policies of a set, or why it is refused as a whole: one policy that is wrong, or was never meant for this
 * version, must not change what the others do.
 */
export function readPolicySet(
  text: string,
  digest: string,
): { readonly policies: readonly Policy[] } | { readonly refused: readonly RefusedPolicy[] } {
  if (hash('sha256', text) !== digest)
    return refuse('the set', 'what arrived does not have the digest that was told');
  const sources = z.array(z.record(z.string(), z.unknown())).safeParse(parseJson(text));
  if (!sources.success) return refuse('the set', 'is not a list of policies');
  const read = sources.data.map((source, at) => readOne(source, at));
  const refused = read.flatMap((one) => ('text' in one ? [one] : []));
  if (refused.length > 0) return { refused };
  const policies = read.flatMap((one) => ('value' in one ? [one.value] : []));
  const names = policies.map(({ name }) => name);
  const double = names.find((name, at) => names.indexOf(name) !== at);
  return double === undefined ? { policies } : refuse(double, 'another policy of the set has the same name');
}

function refuse(policy: string, text: string): { refused: RefusedPolicy[] } {
  return { refused: [{ policy, text }] };
}

function readOne(source: PolicySource, at: number): { value: Policy } | RefusedPolicy {
  const name = source['name'];
  const policy = typeof name === 'string' ? name : `number ${at + 1}`;
  try {
    const result = checkedPolicySchema.safeParse(source);
    return result.success ? { value: result.data } : { policy, text: issuesText(result.error) };
  } catch (error) {
    return { policy, text: textOf(error) };
  }
}

/** `conditions.0.match: …; every: …`. */
export function issuesText({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ');
}
