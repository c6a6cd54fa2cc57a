import { definitionKinds, placeText, type DefinitionKind, type DefinitionPlace } from '../model/config.ts';
import type { Content } from './canonical.ts';
import type { ConfigAfter } from './check-config.ts';
import type { PoolNames } from './config-codec.ts';
import { codecOf } from './config-kinds.ts';
import type { Mirror } from './mirror.ts';

/** One definition that people wrote, as this server knows it. */
export interface Found extends DefinitionPlace {
  readonly key: string;
  readonly revision: number;
  /** As the coordinator has it. */
  readonly stored: unknown;
  readonly content: Content;
}

/** All that people wrote, read from a mirror. */
export class ConfigNow {
  readonly #mirror: Pick<Mirror, 'entries' | 'get' | 'revisionOf'>;
  readonly #names: () => PoolNames;

  constructor(mirror: Pick<Mirror, 'entries' | 'get' | 'revisionOf'>, names: () => PoolNames) {
    this.#mirror = mirror;
    this.#names = names;
  }

  get names(): PoolNames {
    return this.#names();
  }

  find({ kind, name }: DefinitionPlace): Found | null {
    const codec = codecOf(kind);
    const key = codec.keyOf(name);
    if (key === null) return this.all(kind).find((found) => found.name === name) ?? null;
    const value = this.#mirror.get(key, codec.stored);
    return value === null ? null : this.#found(kind, key, value);
  }

  /** In the order of their names. */
  all(kind: DefinitionKind): Found[] {
    const { prefix, stored } = codecOf(kind);
    return this.#mirror
      .entries(prefix, stored)
      .map(({ key, value }) => this.#found(kind, key, value))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** In the order of the kinds, then of the names. */
  everything(kinds: readonly DefinitionKind[] = definitionKinds): Found[] {
    return kinds.flatMap((kind) => this.all(kind));
  }

  /** As it will be with these changes; null removes. */
  with(changes: readonly (DefinitionPlace & { readonly content: Content | null })[]): ConfigAfter {
    const changed = new Map(changes.map((change) => [placeText(change), change.content]));
    return {
      get: (place) => {
        const after = changed.get(placeText(place));
        return after === undefined ? (this.find(place)?.content ?? null) : after;
      },
      all: (kind) => {
        const kept = this.all(kind).filter((found) => !changed.has(placeText(found)));
        const written = changes.flatMap((change) =>
          change.kind === kind && change.content !== null
            ? [{ name: change.name, content: change.content }]
            : [],
        );
        return [...kept, ...written];
      },
      servers: this.names.servers.map(({ name }) => name),
    };
  }

  #found(kind: DefinitionKind, key: string, stored: unknown): Found {
    const codec = codecOf(kind);
    return {
      kind,
      name: codec.nameOf(key, stored),
      key,
      revision: this.#mirror.revisionOf(key),
      stored,
      content: codec.toContent(stored, this.names),
    };
  }
}
