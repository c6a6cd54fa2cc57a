import { constants, zstdCompressSync } from 'node:zlib';
import { entryBodySchemas } from '../../model/entry.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { TargetRange } from './store.ts';

export const batchLimits = { countMax: 500, bytesMax: 262_144 } as const;

/**
 * Messages on their way, compressed once: sent again on another connection it is the same bytes with the same message
 * IDs. `generation` is that of the database they stand in.
 */
export interface Batch extends TargetRange {
  readonly seqs: readonly number[];
  readonly bytes: number;
  /** 0, or 1 when it is sent again to get its second copy. */
  readonly copies: number;
  readonly body: Uint8Array;
  readonly generation: number;
}

export interface NodeName {
  readonly coreId: Uuid;
  readonly name: string;
}

/** The body of an entry of kind `messages`, from messages that are JSON already. */
export function encodeBatch(node: NodeName, messages: readonly string[]): Uint8Array {
  const head = `{"node":${JSON.stringify(node.coreId)},"nodeName":${JSON.stringify(node.name)},"messages":[`;
  return zstdCompressSync(`${head}${messages.join(',')}]}`, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });
}

/** For tests and tools: what a batch says. */
export const batchSchema = entryBodySchemas.messages;
