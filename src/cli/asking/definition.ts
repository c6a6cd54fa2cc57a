import { codeOf } from '../../model/errors.ts';
import type { ConfigRequest, DefinitionPlace, DefinitionRevision } from '../../model/config.ts';
import { changeConfig, readDefinition } from './config.ts';
import type { PoolClient } from './pool-client.ts';

type Via = NonNullable<ConfigRequest['via']>;

/** Null where there is none. */
export async function findDefinition(
  client: PoolClient,
  place: DefinitionPlace,
): Promise<DefinitionRevision | null> {
  try {
    return await readDefinition(client, place);
  } catch (error) {
    if (codeOf(error) === 'WK_NOT_FOUND') return null;
    throw error;
  }
}

/** Puts these keys beside what it says already, or makes it. Errors: WK_CONFLICT (changed meanwhile). */
export async function setInDefinition(
  client: PoolClient,
  place: DefinitionPlace,
  told: Readonly<Record<string, unknown>>,
  via: Via,
): Promise<{ readonly content: Record<string, unknown>; readonly revision: number }> {
  const before = await findDefinition(client, place);
  const given = Object.entries(told).filter(([, value]) => value !== undefined);
  const content = { ...before?.content, ...Object.fromEntries(given) };
  const change = { ...place, revision: before?.now ?? 0, content };
  return { content, revision: await changeConfig(client, { changes: [change], via }) };
}

/** Errors: WK_NOT_FOUND, WK_CONFLICT (others name it, or it was changed meanwhile). */
export async function removeDefinition(client: PoolClient, place: DefinitionPlace, via: Via): Promise<void> {
  const { now } = await readDefinition(client, place);
  await changeConfig(client, { changes: [{ ...place, revision: now, content: null }], via });
}
