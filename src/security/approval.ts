import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import {
  enrolmentSettingsSchema,
  enrolRequestSchema,
  type CertificateRecord,
  type EnrolmentSettings,
  type EnrolRequest,
} from '../model/trust.ts';
import type { Uuid } from '../model/uuid.ts';

/** Requests that wait for a person at once; each has used a token of its own. */
const waitingMax = 1_000;

/** Whether this pool wants a person to approve newcomers, and what this one has asked for already. */
export async function readApproval(
  coordination: Coordination,
  coreId: Uuid,
): Promise<{ readonly isRequired: boolean; readonly request: EnrolRequest | null }> {
  const [settings, asked] = await Promise.all([
    coordination.get(keys.enrolmentSettings),
    coordination.get(keys.enrolRequest(coreId)),
  ]);
  const { approval } =
    settings === null ? noSettings : enrolmentSettingsSchema.parse(JSON.parse(settings.value));
  return {
    isRequired: approval === 'required',
    request: asked === null ? null : enrolRequestSchema.parse(JSON.parse(asked.value)),
  };
}

const noSettings: EnrolmentSettings = { approval: 'none' };

/**
 * Writes down that somebody waits, once, and uses the token up with it. Throws WK_PENDING while nobody has said yes,
 * WK_DENIED when somebody has said no; returns when something was written meanwhile and all has to be judged anew.
 */
export async function askApproval(
  coordination: Coordination,
  who: Pick<CertificateRecord, 'coreId' | 'kind' | 'name' | 'keySha256' | 'issuedMs'> & {
    readonly address: string;
  },
  known: EnrolRequest | null,
  token: { readonly key: string; readonly revision: number; readonly value: string },
): Promise<void> {
  if (known?.state === 'denied')
    throw new WatchError('WK_DENIED', `${known.by ?? 'a person'} has said no to ${known.name}`);
  if (known === null) {
    const { items } = await coordination.list(keys.enrolRequests);
    if (items.length >= waitingMax)
      throw new WatchError('WK_OVERLOADED', `${waitingMax} wait for approval already; see enrol list`);
    const { coreId, kind, name, keySha256, issuedMs: askedMs, address } = who;
    const asked = { coreId, kind, name, keySha256, address, askedMs };
    const request: EnrolRequest = { ...asked, state: 'waiting', by: null };
    const key = keys.enrolRequest(coreId);
    const result = await coordination.transact({
      conditions: [
        { key, revision: 0 },
        { key: token.key, revision: token.revision },
      ],
      writes: [
        { key, value: JSON.stringify(request) },
        { key: token.key, value: token.value },
      ],
    });
    if (!result.done) return;
  }
  throw new WatchError(
    'WK_PENDING',
    `${who.name} waits for approval; on a server: watchkeeper enrol approve ${who.coreId}`,
  );
}

/** Those who wait, and those who were denied, the oldest first. */
export async function listEnrolRequests(coordination: Coordination): Promise<EnrolRequest[]> {
  const { items } = await coordination.list(keys.enrolRequests);
  return items
    .map(({ value }) => enrolRequestSchema.parse(JSON.parse(value)))
    .toSorted((a, b) => a.askedMs - b.askedMs);
}

/** By name or core ID. Errors: WK_NOT_FOUND, WK_CONFLICT (several of that name, or decided meanwhile). */
export async function decideEnrolment(
  coordination: Coordination,
  nameOrId: string,
  state: 'approved' | 'denied',
  by: string,
): Promise<EnrolRequest> {
  const waiting = (await listEnrolRequests(coordination)).filter(
    ({ coreId, name, state: now }) => now !== state && (coreId === nameOrId || name === nameOrId),
  );
  const [request] = waiting;
  if (request === undefined)
    throw new WatchError('WK_NOT_FOUND', `nobody called ${nameOrId} waits for approval; see enrol list`);
  if (waiting.length > 1)
    throw new WatchError('WK_CONFLICT', `${waiting.length} called ${nameOrId} wait; give the core ID`);
  const key = keys.enrolRequest(request.coreId);
  const item = await coordination.get(key);
  const decided = { ...request, state, by };
  const result = await coordination.transact({
    conditions: [{ key, revision: item?.revision ?? 0 }],
    writes: item === null ? [] : [{ key, value: JSON.stringify(decided) }],
  });
  if (!result.done || item === null)
    throw new WatchError('WK_CONFLICT', 'it was decided in the meantime; see enrol list');
  return decided;
}

/** What is asked of newcomers from now on. */
export async function setEnrolment(coordination: Coordination, settings: EnrolmentSettings): Promise<void> {
  const writes = [{ key: keys.enrolmentSettings, value: JSON.stringify(settings) }];
  await coordination.transact({ conditions: [], writes });
}
