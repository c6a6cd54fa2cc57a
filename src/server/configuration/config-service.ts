import { differences, differenceText, type Content } from '../../definitions/canonical.ts';
import { saidOf, usersOf } from '../../definitions/check-config.ts';
import type { ConfigNow, Found } from '../../definitions/config-now.ts';
import { previewConfig } from '../../definitions/preview-config.ts';
import type { DefinitionHistory, HistoryRow } from '../../messages/definition-history.ts';
import {
  definitionKinds,
  definitionRights,
  placeText,
  type ConfigChange,
  type ConfigPage,
  type ConfigPreview,
  type DefinitionKind,
  type DefinitionPlace,
  type DefinitionRevision,
  type HistoryEntry,
  type HistoryQuery,
  type PreviewRequest,
  type RevisionQuery,
} from '../../model/config.ts';
import type { DefinitionChange } from '../../model/definition-change.ts';
import { WatchError } from '../../model/errors.ts';
import type { NodeFacts } from '../../model/node-definitions.ts';
import type { Account } from '../../access/caller.ts';
import type { Changed } from './config-conflict.ts';
import { mayChangePrograms, mayNameActions } from './may-name-actions.ts';
import type { Author, ConfigEditor } from './config-editor.ts';
import type { ConfigPort } from '../http/config-port.ts';

const pageItemsMax = 2_000;
const pageBytesMax = 2_000_000;
const changesShownMax = 20;

interface Ports {
  readonly now: ConfigNow;
  readonly editor: ConfigEditor;
  readonly history: DefinitionHistory;
  /** All nodes, by their names, with what rules are about. */
  readonly nodes: () => readonly NodeFacts[];
  /** What holds deployment back from now on; nothing where it is held already. */
  readonly holdWrites: (by: string) => { readonly key: string; readonly value: string }[];
}

/** What the API does with definitions of every kind, as people write them. */
export class ConfigService implements ConfigPort {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  page(after: string | undefined, by: Account): ConfigPage {
    const { now } = this.#ports;
    const kinds = kindsOf(by);
    const leftOut = definitionKinds.filter((kind) => !kinds.includes(kind));
    const servers = now.names.servers.map(({ name }) => name);
    const definitions: ConfigPage['definitions'] = [];
    let bytes = 0;
    for (const { kind, name, revision, content } of restOf(now, kinds, after)) {
      if (definitions.length >= pageItemsMax || bytes > pageBytesMax) {
        const last = definitions.at(-1);
        return { definitions, next: last ? placeText(last) : null, leftOut, servers };
      }
      bytes += JSON.stringify(content).length;
      definitions.push({ kind, name, revision, content: { ...content } });
    }
    return { definitions, next: null, leftOut, servers };
  }

  async apply(
    changes: readonly ConfigChange[],
    by: Account,
    { via, hold }: { readonly via: string; readonly hold: boolean },
  ): Promise<number> {
    for (const { kind } of changes) mayConfigure(kind, by);
    for (const { kind, content } of changes)
      if (kind === 'policy' && content !== null) mayNameActions(by, content);
    mayChangePrograms(by, changes, () => this.#ports.now.all('tool').map(({ content }) => content));
    const twice = changes.find((one, at) => changes.findIndex((other) => isSame(one, other)) !== at);
    if (twice) throw new WatchError('WK_BAD_REQUEST', `${placeText(twice)} stands there twice`);
    const also = hold ? this.#ports.holdWrites(by.name) : [];
    return this.#ports.editor.apply(changes, by, { via, also });
  }

  /** Takes a definition away; with `force` it is first taken out of those that name it. */
  async remove(
    place: DefinitionPlace,
    { revision, force, via }: { readonly revision: number; readonly force: boolean; readonly via: string },
    by: Author,
  ): Promise<void> {
    const { now, editor } = this.#ports;
    const found = now.find(place);
    if (found === null) throw new WatchError('WK_NOT_FOUND', `there is no ${saidOf(place)}`);
    const removal = { ...place, revision: revision === 0 ? found.revision : revision, content: null };
    const users = force ? usersOf(now.with([]), place) : [];
    const without = users.flatMap((user) => {
      const holder = now.find(user);
      return holder === null ? [] : [withoutName(holder, place)];
    });
    await editor.apply([...without, removal], by, { via });
  }

  preview(request: PreviewRequest, by: Account): ConfigPreview {
    mayConfigure(request.kind, by);
    return previewConfig(this.#ports.now, request, this.#ports.nodes());
  }

  history({ kind, name, limit, before }: HistoryQuery, by: Account): HistoryEntry[] {
    const kinds = kind === undefined ? kindsOf(by) : [kind];
    for (const one of kinds) mayConfigure(one, by);
    const rows = this.#ports.history.list({ kinds, name, limit, before });
    return rows.flatMap((row) => this.#entry(row));
  }

  revision({ kind, name, revision }: RevisionQuery, by: Account): DefinitionRevision {
    mayConfigure(kind, by);
    const { now, history } = this.#ports;
    const place = { kind, name };
    const found = now.find(place);
    if (revision === undefined) {
      if (found === null) throw new WatchError('WK_NOT_FOUND', `there is no ${saidOf(place)}`);
      const last = history.last(place);
      const { atMs = null, by = '', via = '' } = last ?? {};
      return { ...place, revision: null, content: { ...found.content }, atMs, by, via, now: found.revision };
    }
    const row = history.at(place, revision);
    if (row === null)
      throw new WatchError(
        'WK_NOT_FOUND',
        `${placeText(place)} was not changed at revision ${revision}; see \`config history ${placeText(place)}\``,
      );
    const { atMs, by: author, via } = row;
    return { ...place, revision, content: contentOf(row), atMs, by: author, via, now: found?.revision ?? 0 };
  }

  #entry(row: HistoryRow): HistoryEntry[] {
    const place = placeOf(row);
    if (place === null) return [];
    const { revision, atMs, by, via } = row;
    const content = contentOf(row);
    const earlier = this.#ports.history.before(place, revision);
    const before = earlier && contentOf(earlier);
    const what = content === null ? 'removed' : before === null ? 'created' : 'changed';
    const changes =
      what === 'changed' ? differences(before, content).slice(0, changesShownMax).map(differenceText) : [];
    return [{ ...place, revision, atMs, by, via, what, changes }];
  }
}

/** For the second of two writers: what the first one did. `waiting`: changes that are on their way into the history. */
export function changedSince(
  history: DefinitionHistory,
  waiting: readonly DefinitionChange[],
  place: DefinitionPlace,
  seen: number,
): Changed | null {
  const [newest] = waiting
    .flatMap(({ by, atMs, items }) =>
      items.flatMap((item) => (isSame(item, place) ? [{ by, atMs, after: item.content }] : [])),
    )
    .toSorted((a, b) => b.atMs - a.atMs);
  const row = history.last(place);
  const last = newest ?? (row && { by: row.by, atMs: row.atMs, after: contentOf(row) });
  if (last === null) return null;
  const before = seen === 0 ? null : history.at(place, seen);
  return {
    ...last,
    by: last.by === '' ? 'somebody' : last.by,
    before: before === null ? (seen === 0 ? null : undefined) : contentOf(before),
  };
}

function contentOf({ content }: HistoryRow): Record<string, unknown> | null {
  return content === null ? null : (JSON.parse(content) as Record<string, unknown>);
}

/** Null for a kind that this version does not know. */
function placeOf({ kind, name }: HistoryRow): DefinitionPlace | null {
  const known = definitionKinds.find((one) => one === kind);
  return known === undefined ? null : { kind: known, name };
}

function kindsOf({ rights }: Account): DefinitionKind[] {
  return definitionKinds.filter((kind) => rights.hasWhole(definitionRights[kind]));
}

function mayConfigure(kind: DefinitionKind, { name, rights }: Account): void {
  const right = definitionRights[kind];
  if (!rights.hasWhole(right))
    throw new WatchError('WK_DENIED', `${name} has no right to ${right}, which ${kind} definitions need`);
}

function* restOf(
  now: ConfigNow,
  kinds: readonly DefinitionKind[],
  after: string | undefined,
): Iterable<Found> {
  const [kindAfter, ...rest] = after?.split('/') ?? [];
  const nameAfter = rest.join('/');
  const from = kindAfter === undefined ? 0 : kinds.findIndex((kind) => kind === kindAfter);
  if (from < 0) throw new WatchError('WK_BAD_REQUEST', 'after: is no place of a page');
  for (const [at, kind] of kinds.slice(from).entries())
    yield* now.all(kind).filter(({ name }) => at > 0 || name > nameAfter);
}

function isSame(a: DefinitionPlace, b: DefinitionPlace): boolean {
  return a.kind === b.kind && a.name === b.name;
}

/** The lists of a group that may hold names of that kind. */
const listsOf: Readonly<Partial<Record<DefinitionKind, Readonly<Partial<Record<DefinitionKind, string>>>>>> =
  {
    'node-group': { policy: 'policies', 'policy-group': 'policyGroups', 'node-group': 'groups' },
    'policy-group': { policy: 'policies', 'policy-group': 'groups' },
    user: { 'user-role': 'roles' },
  };

function withoutName({ kind, name, revision, content }: Found, place: DefinitionPlace): ConfigChange {
  const list = listsOf[kind]?.[place.kind];
  if (list === undefined)
    throw new WatchError(
      'WK_CONFLICT',
      `${saidOf({ kind, name })} uses ${saidOf(place)}, and how it goes on without is for you to say; change it first`,
    );
  const names: unknown = content[list];
  const left = Array.isArray(names) ? names.filter((one) => one !== place.name) : [];
  const after: Content = { ...content, [list]: left };
  return { kind, name, revision, content: after };
}
