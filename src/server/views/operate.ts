import { createHash } from 'node:crypto';
import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import { mayOperate } from '../../messages/shared-rows.ts';
import type { MessageStore } from '../../messages/message-store.ts';
import type { OperationAnswer, OperationRequest } from '../../model/api.ts';
import type { SharedFrom } from '../../model/sharing.ts';
import { WatchError } from '../../model/errors.ts';
import type { Account } from '../../access/caller.ts';
import type { Place } from '../../model/rights.ts';
import type { Operation } from '../../model/operation.ts';
import { uuidText, uuidV7, type Uuid } from '../../model/uuid.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { Copies } from '../health/copies.ts';

interface Ports {
  readonly journal: Journal;
  readonly messages: MessageStore;
  readonly copies: Copies;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Stores what a person did to messages, as one entry, and answers once it is on two disks, or on one with the pool at
 * risk. Messages that are not here, or that `by` may not operate on, are named in the answer and hinder nothing.
 */
export async function operate(
  ports: Ports,
  request: OperationRequest,
  by: Pick<Account, 'name' | 'rights'>,
): Promise<OperationAnswer> {
  if (request.kind === 'annotate' && request.text === undefined) {
    throw new WatchError('WK_BAD_REQUEST', 'text: an annotation needs a text');
  }
  const wanted = [...new Set(request.messages)];
  const seen = by.rights.scope('see');
  const results = wanted.map((message) => {
    const found = ports.messages.get(message, seen)?.message;
    if (!found) return { message, done: false, because: 'this server knows no such message' };
    const elsewhere = whyElsewhere(ports.messages.sharing.fromOf(message), request.kind);
    if (elsewhere !== null) return { message, done: false, because: elsewhere };
    if (by.rights.covers('operate', found)) return { message, done: true };
    return { message, done: false, because: `${by.name} may not operate on ${placeText(found)}` };
  });
  const here = new Set(results.filter(({ done }) => done).map(({ message }) => message));
  if (here.size === 0) return { results, copies: 0 };
  const operations = [...here].map((message) => operationOn(ports, message, request, by.name));
  const body = { operations };
  const entry = await ports.journal.append(
    { kind: 'operations', body: encodeBody('operations', body) },
    body,
  );
  const copies = await new Promise<number>((resolve) =>
    ports.copies.wait({ seq: entry.seq, copies: resolve }),
  );
  return { results, copies };
}

/**
 * The stamp is above all that this server has stored, so it is above every version its author could have seen; also
 * above one from a clock gone far ahead, which does not pull ours along.
 */
function operationOn(ports: Ports, message: Uuid, request: OperationRequest, by: string): Operation {
  const { kind, text, idempotencyKey } = request;
  const id = idempotencyKey
    ? derivedId(idempotencyKey, message)
    : uuidV7(ports.clock.wallMs(), ports.random.bytes(10));
  const seenHlc = ports.messages.stateVersion(message)?.hlc ?? 0;
  const hlc = Math.max(ports.journal.nextHlc(), seenHlc + 1);
  return { id, message, kind, by, hlc, ...(text === undefined ? {} : { text }) };
}

/** Why a message of another pool is not worked on here; null when it may be. */
function whyElsewhere(from: SharedFrom | null, kind: OperationRequest['kind']): string | null {
  if (from === null || mayOperate(from, kind)) return null;
  return from.acknowledge
    ? `it came from pool ${from.poolName} for notice: here it can be acknowledged, and nothing else`
    : `it came from pool ${from.poolName} for notice; work on it there`;
}

function placeText({ nodeName, group }: Place): string {
  return `messages of ${nodeName}${group === undefined ? ' without a group' : ` in group ${group}`}`;
}

/** The same key for the same message gives the same ID, in the form of a UUIDv7, so that repeating changes nothing. */
function derivedId(key: Uuid, message: Uuid): Uuid {
  const bytes = createHash('sha256').update(`${key} ${message}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuidText(bytes);
}
