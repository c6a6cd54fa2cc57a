import { z } from 'zod';
import { nameSchema } from './definitions.ts';

/** How much the depot holds; the same on every server, so that what one takes all of them take. */
export const depotLimits = {
  fileBytesMax: 32 * 1_048_576,
  /** All files that definitions name, together. */
  bytesMax: 1_024 * 1_048_576,
  filesMax: 2_000,
} as const;

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in 64 small hex digits');

/** What is known of the bytes of a file. */
export const depotBytesSchema = z.strictObject({
  sha256: sha256Schema,
  sizeBytes: z.int().min(1).max(depotLimits.fileBytesMax),
});
export type DepotBytes = Readonly<z.infer<typeof depotBytesSchema>>;

/** The files that the words of a policy name, by their names. */
export const depotFilesSchema = z.record(nameSchema, depotBytesSchema);
export type DepotFiles = Readonly<z.infer<typeof depotFilesSchema>>;

/** What people say of a file; its bytes lie beside the definitions, on every server, by their digest. */
export const depotFileContentSchema = z.strictObject({
  ...depotBytesSchema.shape,
  /** A program: it stands as one in exported folders. */
  executable: z.boolean().default(false),
});

export const depotFileSchema = z.strictObject({
  name: nameSchema,
  ...depotFileContentSchema.shape,
  changedMs: z.int().min(0),
  by: z.string().max(256),
});
export type DepotFile = Readonly<z.infer<typeof depotFileSchema>>;

export const depotFileViewSchema = z
  .object({
    name: z.string(),
    sha256: z.string(),
    sizeBytes: z.int(),
    executable: z.boolean(),
    changedMs: z.int(),
    by: z.string(),
    /** To be given back with the next change. */
    revision: z.int(),
    /** Definitions that name it: `policy/disk`. */
    usedBy: z.array(z.string()),
    /** Names of the servers that have its bytes, as far as the one that was asked knows. */
    servers: z.array(z.string()),
  })
  .meta({ id: 'DepotFile' });
export type DepotFileView = z.infer<typeof depotFileViewSchema>;

export const depotViewSchema = z
  .object({
    files: z.array(depotFileViewSchema),
    bytes: z.int(),
    bytesMax: z.int(),
    /** How many servers the pool has. */
    servers: z.int(),
  })
  .meta({ id: 'Depot' });
export type DepotView = z.infer<typeof depotViewSchema>;

export const depotUploadSchema = z
  .object({ sha256: z.string(), sizeBytes: z.int(), servers: z.array(z.string()) })
  .meta({ id: 'DepotUpload' });
export type DepotUpload = z.infer<typeof depotUploadSchema>;
