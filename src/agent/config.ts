import { z } from 'zod';
import { byteSizeSchema } from '../model/byte-size.ts';
import { nameSchema } from '../model/definitions.ts';
import { systemUserSchema } from '../model/tool.ts';
import { sha256Schema } from '../model/depot.ts';
import { bufferBytesDefault, bufferBytesMin } from './buffer/buffer.ts';

const path = z.string().min(1).max(4_096);

/** The agent's configuration file. Paths that are not absolute count from the folder of that file. */
export const agentConfigSchema = z.strictObject({
  /** What the node is called; its certificate and its messages are tied to coreId, not to this. */
  name: nameSchema,
  coreId: z.uuid(),
  /** The ID of the pool; a server of another one is refused. */
  pool: z.uuid(),
  /** Where to look for the pool first: virtual interface, then servers. The pool's own list is remembered later. */
  servers: z
    .array(z.url({ protocol: /^https$/ }).max(1_024))
    .min(1)
    .max(64),
  /** Folder of the agent's buffer and socket. */
  data: path,
  identity: z.strictObject({ certificate: path, key: path, authorities: path }),
  /** Folder of policies, one YAML file each; none are read where it is left out. */
  policies: path.optional(),
  /**
   * Programs that policies and tools of the pool may run, as paths in which `*` is any text and `?` one character. Any program
   * where it is left out, none where it is empty. Policies of the folder above are not asked.
   */
  programs: z.array(path).max(256).optional(),
  /**
   * Users of this system that the pool may have programs run as, beside the agent's own. Anybody where it is left out,
   * nobody else where it is empty.
   */
  users: z.array(systemUserSchema).max(256).optional(),
  /** What policies of the pool may bring along. */
  depot: z
    .strictObject({
      /**
       * Whether files of the pool's depot may be used here, or which, by their SHA-256: names are the pool's to give. Where it is left
       * out they may exactly when `programs` is left out too, since then any program may be named anyhow.
       */
      allow: z.union([z.boolean(), z.array(sha256Schema).max(1_024)]).optional(),
      /** All files together that this node needs at a time. */
      bytesMax: byteSizeSchema(1, 1_099_511_627_776).default(268_435_456),
    })
    .prefault({}),
  buffer: z
    .strictObject({
      /** When it is full the lowest severity goes first, oldest first, and the gap is reported. */
      bytesMax: byteSizeSchema(bufferBytesMin, 1_099_511_627_776).default(bufferBytesDefault),
    })
    .prefault({}),
});
export type AgentConfig = Readonly<z.output<typeof agentConfigSchema>>;
