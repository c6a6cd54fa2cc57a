import { z } from 'zod';
import { DepotAssembly } from '../../depot/depot-assembly.ts';
import { DepotFolder } from '../../depot/depot-folder.ts';
import { agentProfileSchema, type AgentProfile } from '../../model/agent-profile.ts';
import { WatchError } from '../../model/errors.ts';
import { parseJson } from '../../model/parse-json.ts';
import { issuesText } from '../../policies/policy-set.ts';
import type { Files } from '../../runtime/files.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Enrolling } from '../../agent/agent-identity.ts';
import { writeAuthorities, type IdentityPaths } from '../../security/identity-store.ts';
import { makeKeyPair } from '../../security/key-pair.ts';
import { assertPrivate } from '../../security/private-files.ts';

const profileBytesMax = 64 * 1_048_576;

const pendingSchema = z.strictObject({ token: z.string(), expiresMs: z.int() });

/** WK_CONFIG with what is wrong with it, WK_DENIED when others may read it. */
export async function readProfile(files: Files, path: string): Promise<AgentProfile> {
  if ((await files.status(path)) === null)
    throw new WatchError('WK_NOT_FOUND', `${path}: there is no such file`);
  await assertPrivate(files, path, 'this profile');
  const parsed = agentProfileSchema.safeParse(parseJson(await files.readText(path, profileBytesMax)));
  if (parsed.success) return parsed.data;
  throw new WatchError('WK_CONFIG', `${path}: is no agent profile: ${issuesText(parsed.error)}`);
}

/** What an agent finds in its data folder when it starts: a key, whom to believe, its token, and the first policies. */
export async function writeProfile(
  { files, log }: Pick<Runtime, 'files' | 'log'>,
  data: string,
  identity: IdentityPaths,
  profile: AgentProfile,
): Promise<void> {
  const { policies, authorities, token, expiresMs } = profile;
  const folder = await DepotFolder.open({ files, log, path: `${data}/depot`, mode: 0o500 });
  for (const { sha256, base64 } of profile.files) {
    const bytes = Buffer.from(base64, 'base64');
    const assembly = new DepotAssembly({ sha256, sizeBytes: bytes.length });
    assembly.add(bytes);
    await folder.add(assembly);
  }
  await files.writeAtomic(`${data}/deployed-policies.json`, JSON.stringify(policies), 0o600);
  await writeAuthorities(files, identity, authorities);
  await files.writeAtomic(pendingPath(data), JSON.stringify({ token, expiresMs }), 0o600);
  // Last: with a key and no certificate this agent has yet to join.
  await files.writeAtomic(identity.key, makeKeyPair().keyPem, 0o600);
}

/** How this agent joins, when it has not yet; null when it has. */
export async function readPending(
  files: Files,
  data: string,
  identity: IdentityPaths,
): Promise<Enrolling | null> {
  const path = pendingPath(data);
  if ((await files.status(path)) === null) return null;
  const keyPem = await files.readText(identity.key);
  const done = (): Promise<void> => files.remove(path);
  if (keyPem.includes('CERTIFICATE') || (await files.status(identity.certificate)) !== null) {
    // It ended between having joined and forgetting how.
    await done();
    return null;
  }
  const pending = pendingSchema.safeParse(parseJson(await files.readText(path)));
  if (!pending.success) throw new WatchError('WK_CONFIG', `${path}: ${issuesText(pending.error)}; join anew`);
  const believed = await files.readText(identity.authorities);
  const authorityPems = believed.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return { token: pending.data.token, keyPem, authorityPems, done };
}

function pendingPath(data: string): string {
  return `${data}/enrolment.json`;
}
