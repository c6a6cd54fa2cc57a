import type { z } from 'zod';
import { definitionKinds, type DefinitionKind, type DefinitionPlace } from '../model/config.ts';
import { invariant } from '../model/invariant.ts';
import type { ConfigCodec } from './config-codec.ts';
import { nodeCodecs } from './node-codecs.ts';
import { poolCodecs } from './pool-codecs.ts';

const codecs = new Map([...poolCodecs, ...nodeCodecs].map((one) => [one.kind, one]));

export function codecOf(kind: DefinitionKind): ConfigCodec {
  const found = codecs.get(kind);
  invariant(found !== undefined, `kind ${kind} has a codec`);
  return found;
}

/** What the file of a definition may say. */
export function contentSchema({ kind, name }: DefinitionPlace): z.ZodType {
  const codec = codecOf(kind);
  return codec.contentOf?.(name) ?? codec.content;
}

/** The kind whose definitions lie at that key; null where people write nothing. */
export function kindOfKey(key: string): DefinitionKind | null {
  return definitionKinds.find((kind) => key.startsWith(codecOf(kind).prefix)) ?? null;
}
