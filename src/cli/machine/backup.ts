import { z } from 'zod';
import type { Files } from '../../runtime/files.ts';
import { nameSchema } from '../../model/definitions.ts';

/** What lies in the folder of a backup. */
export function backupFiles(folder: string) {
  return {
    manifest: `${folder}/backup.json`,
    database: `${folder}/watchkeeper.db`,
    coordination: `${folder}/coordination.db`,
    identity: `${folder}/identity.pem`,
    config: `${folder}/config.yaml`,
    depot: `${folder}/depot`,
  };
}

/** The files of a depot, one at a time; without a folder there are none. */
export async function copyDepot(files: Files, from: string, to: string): Promise<void> {
  if ((await files.status(from)) === null) return;
  await files.makeDirectory(to, 0o700);
  for (const name of (await files.list(from)).filter((one) => /^[0-9a-f]{64}$/.test(one)))
    await files.writeAtomic(`${to}/${name}`, await files.readBytes(`${from}/${name}`), 0o400);
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
