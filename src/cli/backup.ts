import { z } from 'zod';
import { nameSchema } from '../model/definitions.ts';

/** What lies in the folder of a backup. */
export function backupFiles(folder: string) {
  return {
    manifest: `${folder}/backup.json`,
    database: `${folder}/watchkeeper.db`,
    coordination: `${folder}/coordination.db`,
    identity: `${folder}/identity.pem`,
    authority: `${folder}/authority.pem`,
    config: `${folder}/config.yaml`,
  };
}

const named = { name: nameSchema };

export const backupManifestSchema = z.object({
  format: z.literal(1),
  /** Of the program that made it. */
  version: z.string(),
  madeMs: z.int(),
  pool: z.object({ id: z.uuid(), ...named }),
  server: z.object({ coreId: z.uuid(), ...named }),
  /** Whether the coordinator's file is in it. */
  coordination: z.boolean(),
});
export type BackupManifest = z.infer<typeof backupManifestSchema>;
