import type { z } from 'zod';
import type { DefinitionKind } from '../model/config.ts';
import type { ServerDefinition } from '../model/definitions.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Content } from './canonical.ts';

/** What a pool knows that files name by name. */
export interface PoolNames {
  readonly servers: readonly Pick<ServerDefinition, 'coreId' | 'name'>[];
}

export interface Writing {
  readonly name: string;
  readonly by: string;
  readonly atMs: number;
  readonly names: PoolNames;
  readonly newId: () => Uuid;
}

/** Something that a definition names, and cannot be without. */
export interface Reference {
  readonly kind: DefinitionKind | 'server';
  readonly name: string;
}

/** How one kind of definition stands in a file, and how in the coordinator. */
export interface ConfigCodec {
  readonly kind: DefinitionKind;
  /** Of its keys. */
  readonly prefix: string;
  /** Null where keys hold core IDs, and the name is in the value. */
  keyOf(name: string): string | null;
  /** What a file may say. */
  readonly content: z.ZodType;
  /** The same of one name, where what may be said depends on it. */
  contentOf?(name: string): z.ZodType;
  /** What the coordinator holds. */
  readonly stored: z.ZodType;
  /** The other way round; null where it is not in the key. */
  nameInKey(key: string): string | null;
  nameOf(key: string, stored: unknown): string;
  /** The one way to write what a file says, so that two can be compared; it is known to fit `content`. */
  normal(content: Content): Content;
  /** The same of what the coordinator holds, without secrets. */
  toContent(stored: unknown, names: PoolNames): Content;
  /** `before`: what is there now. Errors: WK_BAD_REQUEST. */
  toStored(
    content: Content,
    before: unknown,
    writing: Writing,
  ): { readonly key: string; readonly value: unknown };
  references(content: Content): readonly Reference[];
  /** What it names and can be without, as messages can; what is there is not taken away under it all the same. */
  mentions?(content: Content): readonly Reference[];
}

/** Gives the functions of a codec the type of what is stored: they are given nothing but what fits its schema. */
export function codec<Schema extends z.ZodType>(
  parts: Omit<ConfigCodec, 'stored' | 'nameInKey' | 'nameOf' | 'toContent' | 'toStored'> & {
    readonly stored: Schema;
    nameOf(key: string, stored: z.output<Schema>): string;
    toContent(stored: z.output<Schema>, names: PoolNames): Content;
    toStored(
      content: Content,
      before: z.output<Schema> | null,
      writing: Writing,
    ): { readonly key: string; readonly value: z.output<Schema> };
  },
): ConfigCodec {
  const checked = (value: unknown) => value as z.output<Schema>;
  return {
    ...parts,
    nameInKey: (key) => {
      const atStart = parts.keyOf('');
      return atStart === null ? null : key.slice(atStart.length);
    },
    nameOf: (key, value) => parts.nameOf(key, checked(value)),
    toContent: (value, names) => parts.toContent(checked(value), names),
    toStored: (content, before, writing) =>
      parts.toStored(content, before === null ? null : checked(before), writing),
  };
}

/** Without what is undefined, false, or an empty list or mapping: what is there by default is not written. */
export function lean(content: Content): Content {
  return Object.fromEntries(Object.entries(content).filter(([, value]) => !isDefault(value)));
}

function isDefault(value: unknown): boolean {
  if (value === undefined || value === false) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Where the order says nothing, files and comparisons have one. */
export function inOrder(list: readonly string[]): string[] {
  return [...new Set(list)].toSorted();
}
