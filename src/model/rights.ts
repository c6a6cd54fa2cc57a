import { z } from 'zod';
import { matchesGlob } from './glob.ts';

/**
 * What a person or a service may do. see: read messages, nodes and the state of the pool. operate: acknowledge, own,
 * annotate messages. act: run tools and actions on nodes. configure: change definitions and roles. administer: users,
 * rights, tokens, trust and the audit trail.
 */
export const rights = ['see', 'operate', 'act', 'configure', 'administer'] as const;
export type Right = (typeof rights)[number];

/** Nobody can work on what they cannot see. */
const implied: Readonly<Record<Right, readonly Right[]>> = {
  see: [],
  operate: ['see'],
  act: ['see'],
  configure: [],
  administer: [],
};

/** `*` stands for any text, `?` for one character; letter case counts. */
const pattern = z
  .string()
  .min(1)
  .max(128)
  .refine((text) => (text.match(/\*/g) ?? []).length <= 3, 'has more than three *');
const patterns = z.array(pattern).min(1).max(64);

/**
 * What a right is over: a message or a node passes when its node fits, by its name or by a group that it is in, and its
 * message group does. What is not given lets everything pass.
 */
export const selectorSchema = z.strictObject({
  /** Names of nodes. */
  nodes: patterns.optional(),
  /** Names of node groups; what is in one of them passes like what `nodes` names. */
  nodeGroups: z.array(z.string().min(1).max(63)).min(1).max(64).optional(),
  /** Message groups; a message without a group fits `*` only. */
  groups: patterns.optional(),
});
export type Selector = Readonly<z.infer<typeof selectorSchema>> & {
  /** Whether a node is in one of `nodeGroups`, as the pool stands now; nobody is where it is not told. */
  readonly isMember?: (nodeName: string) => boolean;
};

/** Whether the node is in the node group, as the pool stands now. */
export type IsInGroup = (nodeName: string, group: string) => boolean;

export const permissionSchema = selectorSchema.extend({ right: z.enum(rights) });
export type Permission = Readonly<z.infer<typeof permissionSchema>>;

/** What somebody may see of all there is: null means everything, an empty list nothing. */
export type Scope = readonly Selector[] | null;

export interface Place {
  readonly nodeName: string;
  readonly group?: string | undefined;
}

/** The rights of one caller, put together from the user roles that it has. */
export class Rights {
  readonly #scopes = new Map<Right, readonly Selector[]>();

  constructor(permissions: readonly Permission[], isInGroup: IsInGroup = () => false) {
    for (const right of rights) {
      const selectors = permissions
        .filter((permission) => permission.right === right || implied[permission.right].includes(right))
        .map((permission) => selectorOf(permission, isInGroup));
      if (selectors.length > 0) this.#scopes.set(right, selectors);
    }
  }

  /** Over something, whatever it is. */
  has(right: Right): boolean {
    return this.#scopes.has(right);
  }

  /** Over everything there is. */
  hasWhole(right: Right): boolean {
    return this.scope(right) === null;
  }

  scope(right: Right): Scope {
    const selectors = this.#scopes.get(right) ?? [];
    return selectors.some(isEverything) ? null : selectors;
  }

  covers(right: Right, place: Place): boolean {
    return isInScope(this.scope(right), place);
  }

  /** The rights that are held over something, for people to read. */
  list(): { right: Right; scope: Scope }[] {
    return [...this.#scopes.keys()].map((right) => ({ right, scope: this.scope(right) }));
  }
}

export function isInScope(scope: Scope, { nodeName, group }: Place): boolean {
  return (
    scope === null ||
    scope.some((selector) => fitsNode(selector, nodeName) && fitsAny(selector.groups, group ?? null))
  );
}

/** Whether anything on that node may be in the scope. */
export function isNodeInScope(scope: Scope, nodeName: string): boolean {
  return scope === null || scope.some((selector) => fitsNode(selector, nodeName));
}

/** What it says, and who its node groups are at the time when it is asked. */
export function selectorOf(
  { nodes, nodeGroups, groups }: z.infer<typeof selectorSchema>,
  isInGroup: IsInGroup,
): Selector {
  return {
    ...(nodes && { nodes }),
    ...(nodeGroups && {
      nodeGroups,
      isMember: (nodeName: string) => nodeGroups.some((group) => isInGroup(nodeName, group)),
    }),
    ...(groups && { groups }),
  };
}

/** Whether the selector is over every node there is, whatever it is called. */
export function isOverEveryNode({ nodes, nodeGroups }: Selector): boolean {
  return nodes === undefined ? nodeGroups === undefined : nodes.includes('*');
}

export function fitsNode(selector: Selector, nodeName: string): boolean {
  if (isOverEveryNode(selector)) return true;
  const { nodes, isMember } = selector;
  return (nodes !== undefined && fitsAny(nodes, nodeName)) || (isMember?.(nodeName) ?? false);
}

export function fitsAny(list: readonly string[] | undefined, text: string | null): boolean {
  if (list === undefined || list.includes('*')) return true;
  return text !== null && list.some((one) => matchesGlob(one, text));
}

function isEverything(selector: Selector): boolean {
  return isOverEveryNode(selector) && (selector.groups?.includes('*') ?? true);
}
