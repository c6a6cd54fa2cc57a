import { sessionKeysSchema } from '../../access/session-token.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import { keys } from '../../model/definitions.ts';
import { codeOf } from '../../model/errors.ts';
import { userDefinitionSchema } from '../../model/users.ts';
import type { Local } from './with-coordinator.ts';

const keyFile = /\.(pem|next)$/;
const bytesMax = 262_144;

/** The secrets that this machine itself holds, so that they can be taken out of whatever leaves it. */
export async function knownSecrets({ runtime, config, coordination }: Local): Promise<string[]> {
  const { files } = runtime;
  const found: string[] = [];
  for (const folder of [config.data, `${config.data}/etcd`]) {
    if ((await files.status(folder))?.kind !== 'directory') continue;
    for (const name of (await files.list(folder)).filter((each) => keyFile.test(each))) {
      const text = await files.readText(`${folder}/${name}`, bytesMax);
      for (const [pem] of text.matchAll(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]+-----END \1-----/g))
        found.push(pem);
    }
  }
  try {
    found.push(...(await inCoordinator(coordination)));
  } catch (error) {
    // Then nothing of it goes out either, and what has the shape of a secret is taken out all the same.
    if (codeOf(error) !== 'WK_COORDINATOR_AWAY') throw error;
  }
  return found;
}

async function inCoordinator(coordination: Coordination): Promise<string[]> {
  const found: string[] = [];
  const signing = await coordination.get(keys.sessionKeys);
  if (signing !== null)
    found.push(...sessionKeysSchema.parse(JSON.parse(signing.value)).keys.map(({ secret }) => secret));
  for (const { value } of (await coordination.list(keys.users)).items) {
    const { password } = userDefinitionSchema.parse(JSON.parse(value));
    if (password !== undefined) found.push(password);
  }
  return found;
}
