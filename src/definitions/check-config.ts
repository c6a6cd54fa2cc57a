import { placeText, type DefinitionKind, type DefinitionPlace } from '../model/config.ts';
import { depotFileContentSchema, depotLimits } from '../model/depot.ts';
import { WatchError } from '../model/errors.ts';
import { isForServers } from '../model/policy.ts';
import { circleFrom } from './circle-from.ts';
import type { Content } from './canonical.ts';
import type { Reference } from './config-codec.ts';
import { checkToolUses } from './check-tool-uses.ts';
import { codecOf } from './config-kinds.ts';

/** Definitions as they will be when a change is done. */
export interface ConfigAfter {
  /** Null: there is none. */
  get(place: DefinitionPlace): Content | null;
  /** All there are of that kind; asked for only where something is taken away. */
  all(kind: DefinitionKind): readonly { readonly name: string; readonly content: Content }[];
  readonly servers: readonly string[];
}

/** Which kinds may name it. */
const namedBy: Readonly<Partial<Record<DefinitionKind, readonly DefinitionKind[]>>> = {
  'depot-file': ['policy', 'tool'],
  policy: ['policy-group', 'node-group'],
  tool: ['policy'],
  'policy-group': ['policy-group', 'node-group'],
  'node-group': ['node-group'],
  'user-role': ['user'],
  'message-group': ['policy', 'user-role'],
};

const words: Readonly<Record<DefinitionKind | 'server', string>> = {
  setting: 'setting',
  'message-group': 'message group',
  'status-variable': 'condition status variable',
  'user-role': 'user role',
  user: 'user',
  role: 'role',
  tool: 'tool',
  'depot-file': 'depot file',
  policy: 'policy',
  'policy-group': 'policy group',
  node: 'node',
  'external-node': 'external node',
  'node-group': 'node group',
  server: 'server',
};

/** `node group web`, as people say it. */
export function saidOf({ kind, name }: Reference): string {
  return `${words[kind]} ${name}`;
}

/**
 * Whether definitions may become so: what they name is there, what others name stays, no group holds itself, and somebody
 * is left who can give rights. Errors: WK_BAD_REQUEST (a name that is not there), WK_CONFLICT (in use, a circle, the last
 * administrator), WK_TOO_LARGE (the depot).
 */
export function checkConfig(
  after: ConfigAfter,
  changed: readonly (DefinitionPlace & { readonly content: Content | null })[],
): void {
  checkUnused(
    after,
    changed.filter(({ content }) => content === null),
  );
  for (const { content, ...place } of changed) if (content !== null) checkNamed(after, place, content);
  checkForNodes(after, changed);
  checkToolUses(after, changed);
  checkCircles(after, changed);
  if (changed.some(({ kind }) => kind === 'user')) checkAdministrator(after);
  if (changed.some(({ kind, content }) => kind === 'depot-file' && content !== null)) checkRoom(after);
}

/** Who names it. */
export function usersOf(after: ConfigAfter, place: DefinitionPlace): readonly DefinitionPlace[] {
  return holdersOf(after, [place.kind]).get(placeText(place)) ?? [];
}

/** Who names what, of everything that may name definitions of these kinds. */
function holdersOf(after: ConfigAfter, kinds: readonly DefinitionKind[]): Map<string, DefinitionPlace[]> {
  const holders = new Map<string, DefinitionPlace[]>();
  for (const kind of new Set(kinds.flatMap((one) => namedBy[one] ?? [])))
    for (const { name, content } of after.all(kind))
      for (const reference of namedIn(kind, content)) {
        const named = `${reference.kind}/${reference.name}`;
        holders.set(named, [...(holders.get(named) ?? []), { kind, name }]);
      }
  return holders;
}

/** Also what it could be without. */
function namedIn(kind: DefinitionKind, content: Content): readonly Reference[] {
  const codec = codecOf(kind);
  return [...codec.references(content), ...(codec.mentions?.(content) ?? [])];
}

function checkUnused(after: ConfigAfter, removed: readonly DefinitionPlace[]): void {
  if (removed.length === 0) return;
  const holders = holdersOf(after, [...new Set(removed.map(({ kind }) => kind))]);
  for (const place of removed) {
    const users = holders.get(placeText(place)) ?? [];
    if (users.length > 0)
      throw new WatchError(
        'WK_CONFLICT',
        `${saidOf(place)} is used by ${users.map(saidOf).join(', ')}; take it out of there first`,
      );
  }
}

function checkNamed(after: ConfigAfter, place: DefinitionPlace, content: Content): void {
  const missing = codecOf(place.kind)
    .references(content)
    .filter((reference) => !isThere(after, reference));
  if (missing.length === 0) return;
  const [first] = missing;
  const hint = first?.kind === 'server' ? `; there are: ${after.servers.join(', ')}` : '; define it first';
  throw new WatchError(
    'WK_BAD_REQUEST',
    `${placeText(place)}: there is no ${missing.map(saidOf).join(', no ')}${hint}`,
  );
}

function isThere(after: ConfigAfter, { kind, name }: Reference): boolean {
  return kind === 'server' ? after.servers.includes(name) : after.get({ kind, name }) !== null;
}

/** What servers follow is in force by being there; in a group it would do nothing, and look as if it did. */
function checkForNodes(
  after: ConfigAfter,
  changed: readonly (DefinitionPlace & { readonly content: Content | null })[],
): void {
  for (const { content, ...place } of changed) {
    if (content === null) continue;
    if (place.kind === 'policy' && isForServers(content['kind'])) {
      const users = usersOf(after, place);
      if (users.length > 0)
        throw new WatchError(
          'WK_CONFLICT',
          `${saidOf(place)} is for servers, and ${users.map(saidOf).join(', ')} would give it to nodes; take it out of there first`,
        );
    }
    if (place.kind !== 'node-group' && place.kind !== 'policy-group') continue;
    const wrong = codecOf(place.kind)
      .references(content)
      .find(
        (one) =>
          one.kind === 'policy' && isForServers(after.get({ kind: 'policy', name: one.name })?.['kind']),
      );
    if (wrong)
      throw new WatchError(
        'WK_BAD_REQUEST',
        `${placeText(place)}: ${saidOf(wrong)} is for servers: it is in force for the pool without any group`,
      );
  }
}

/** Only what was changed can have closed a circle, so one is looked for from there. */
function checkCircles(after: ConfigAfter, changed: readonly DefinitionPlace[]): void {
  for (const kind of ['policy-group', 'node-group'] as const) {
    const names = changed.filter((place) => place.kind === kind).map(({ name }) => name);
    const circle = circleFrom(names, (name) => groupsOf(kind, after.get({ kind, name }) ?? {}));
    if (circle !== null)
      throw new WatchError(
        'WK_CONFLICT',
        `${saidOf({ kind, name: circle[0] ?? '' })} would hold itself: ${circle.join(' > ')}`,
      );
  }
}

function groupsOf(kind: DefinitionKind, content: Content): string[] {
  return codecOf(kind)
    .references(content)
    .filter((reference) => reference.kind === kind)
    .map(({ name }) => name);
}

/** Every server holds all of it. */
function checkRoom(after: ConfigAfter): void {
  const { bytesMax, filesMax } = depotLimits;
  const files = after.all('depot-file').map(({ content }) => depotFileContentSchema.parse(content));
  const bytes = [...new Map(files.map(({ sha256, sizeBytes }) => [sha256, sizeBytes])).values()].reduce(
    (sum, size) => sum + size,
    0,
  );
  if (files.length > filesMax || bytes > bytesMax)
    throw new WatchError(
      'WK_TOO_LARGE',
      `the depot would hold ${files.length} files with ${bytes} bytes, and it holds at most ${filesMax} with ${bytesMax}; remove some first`,
    );
}

function checkAdministrator(after: ConfigAfter): void {
  const isLeft = after
    .all('user')
    .some(({ content: { disabled, roles } }) =>
      disabled === true ? false : Array.isArray(roles) && roles.includes('administrator'),
    );
  if (!isLeft)
    throw new WatchError(
      'WK_CONFLICT',
      'no administrator would be left; give another user the role administrator first',
    );
}
