import {
  configBytesMax,
  configChangesMax,
  definitionKinds,
  placeText,
  type ConfigChange,
  type DefinitionKind,
  type DefinitionPlace,
  type DefinitionView,
} from '../model/config.ts';
import { canonical, differences, isSameContent, type Content, type Difference } from './canonical.ts';
import { checkConfig, type ConfigAfter } from './check-config.ts';
import { codecOf } from './config-kinds.ts';

/** A definition as somebody wants it. */
export interface Wanted extends DefinitionPlace {
  readonly content: Content;
}

export interface PlannedChange extends DefinitionPlace {
  readonly what: 'create' | 'change' | 'remove';
  /** At which it was seen; 0: it is not there. */
  readonly revision: number;
  readonly content: Content | null;
  readonly differences: readonly Difference[];
}

export interface ConfigPlan {
  /** In the order in which they can be done. */
  readonly changes: readonly PlannedChange[];
  readonly unchanged: number;
}

export interface PlanOptions {
  readonly servers: readonly string[];
  /** Kinds of which everything goes that is not wanted. */
  readonly pruned: readonly DefinitionKind[];
}

/**
 * What has to be done so that the pool becomes as it is wanted, checked as a whole. Errors: WK_BAD_REQUEST (a name that
 * is not there), WK_CONFLICT (in use, a circle, no administrator).
 */
export function planConfig(
  now: readonly DefinitionView[],
  wanted: readonly Wanted[],
  { servers, pruned }: PlanOptions,
): ConfigPlan {
  const known = new Map(now.map((definition) => [placeText(definition), definition]));
  const normal = wanted.map((one) => ({ ...one, content: codecOf(one.kind).normal(one.content) }));
  const written = normal.flatMap((one) => changeOf(known.get(placeText(one)), one));
  const kept = new Set(normal.map(placeText));
  const removed = now
    .filter((one) => pruned.includes(one.kind) && !kept.has(placeText(one)) && isRemovable(one))
    .map((one): PlannedChange => ({
      ...placeOf(one),
      what: 'remove',
      revision: one.revision,
      content: null,
      differences: [],
    }));
  const after = afterAll(now, [...written, ...removed], servers);
  checkConfig(after, [...written, ...removed]);
  const rank = ranks(after);
  const back = ranks(afterAll(now, [], servers));
  const changes = [
    ...written.toSorted((a, b) => rank(a) - rank(b)),
    ...removed.toSorted((a, b) => back(b) - back(a)),
  ];
  return { changes, unchanged: normal.length - written.length };
}

/** The first changes of a plan, as many as one transaction holds. */
export function firstPart(changes: readonly PlannedChange[]): ConfigChange[] {
  const part: ConfigChange[] = [];
  let bytes = 0;
  for (const { kind, name, revision, content } of changes.slice(0, configChangesMax)) {
    bytes += JSON.stringify(content).length;
    if (part.length > 0 && bytes > configBytesMax) break;
    part.push({ kind, name, revision, content: content === null ? null : { ...content } });
  }
  return part;
}

function changeOf(known: DefinitionView | undefined, wanted: Wanted): PlannedChange[] {
  const before = known === undefined ? null : codecOf(wanted.kind).normal(known.content);
  if (isSameContent(before, wanted.content)) return [];
  const { kind, name, content } = wanted;
  const found = before === null ? [] : differences(before, canonical(content));
  const what = before === null ? 'create' : 'change';
  return [{ kind, name, what, revision: known?.revision ?? 0, content, differences: found }];
}

/** The role acting is there in every pool. */
function isRemovable({ kind, name }: DefinitionPlace): boolean {
  return kind !== 'role' || name !== 'acting';
}

function placeOf({ kind, name }: DefinitionPlace): DefinitionPlace {
  return { kind, name };
}

function afterAll(
  now: readonly Wanted[],
  changes: readonly PlannedChange[],
  servers: readonly string[],
): ConfigAfter {
  const contents = new Map(definitionKinds.map((kind) => [kind, new Map<string, Content>()]));
  for (const { kind, name, content } of [...now, ...changes])
    if (content === null) contents.get(kind)?.delete(name);
    else contents.get(kind)?.set(name, content);
  return {
    get: ({ kind, name }) => contents.get(kind)?.get(name) ?? null,
    all: (kind) => [...(contents.get(kind) ?? [])].map(([name, content]) => ({ name, content })),
    servers,
  };
}

/**
 * A number for every definition, above those of all that it names. Where a group stands after a change it names only what
 * stands before it, so a plan done in this order never passes through a circle or a name that is not there.
 */
function ranks(after: ConfigAfter): (place: DefinitionPlace) => number {
  const known = new Map<string, number>();
  const rankOf = (place: DefinitionPlace): number => known.get(placeText(place)) ?? 0;
  for (const kind of definitionKinds)
    for (const { name } of after.all(kind)) {
      const path: DefinitionPlace[] = [{ kind, name }];
      while (path.length > 0) {
        const place = path.at(-1) ?? { kind, name };
        const open = heldBy(after, place).filter((held) => !known.has(placeText(held)));
        const isCircular = open.some((held) => path.some((one) => placeText(one) === placeText(held)));
        if (open.length > 0 && !isCircular) path.push(...open.slice(0, 1));
        else {
          known.set(placeText(place), known.size + 1);
          path.pop();
        }
      }
    }
  return rankOf;
}

/** Those of its own kind that it names; of other kinds it names only such as come before. */
function heldBy(after: ConfigAfter, { kind, name }: DefinitionPlace): DefinitionPlace[] {
  const content = after.get({ kind, name });
  if (content === null) return [];
  return codecOf(kind)
    .references(content)
    .flatMap((held) => (held.kind === kind ? [{ kind, name: held.name }] : []));
}
