import { hlcMs, type Hlc } from '../model/hlc.ts';
import { compareVersions, type MessageState, type Operation, type Version } from '../model/operation.ts';
import type { Origin } from '../model/origin.ts';

/** An operation and the origin of the entry that brought it. */
export type StoredOperation = Omit<Operation, 'message'> & { readonly origin: Origin };

/** A decision to close a message, made under an epoch that no later holder declared void. */
export interface StandingClose {
  readonly role: string;
  readonly epoch: number;
  readonly hlc: Hlc;
  readonly origin: Origin;
  /** The version of the state that the decision knew. */
  readonly seen: Version | null;
}

/** What operations and decisions made of a message. */
export interface Mark {
  readonly state: MessageState;
  readonly owner: string | null;
  readonly annotations: number;
  readonly acknowledgedMs: number | null;
  readonly acknowledgedBy: string | null;
  /** The operation that set the state last; what a decision on the state names as `seen`. */
  readonly stateVersion: Version | null;
}

export const untouched: Mark = {
  state: 'open',
  owner: null,
  annotations: 0,
  acknowledgedMs: null,
  acknowledgedBy: null,
  stateVersion: null,
};

/**
 * State, owner and the rest follow from the set alone: the order of arrival, and how often something arrived, play no
 * part. State and owner are each set by the highest (hlc, origin) among the operations on them. A close yields to any
 * operation on the state later than the one it had seen; of those that stand, the highest (epoch, hlc, origin) counts.
 */
export function deriveMark(operations: readonly StoredOperation[], closes: readonly StandingClose[]): Mark {
  const unique = [...uniqueOperations(operations).values()];
  const state = latest(unique, ['acknowledge', 'unacknowledge']);
  const close = closes
    .filter(({ seen }) => compareVersions(versionOf(state), seen) <= 0)
    .reduce<StandingClose | null>((best, next) => (best && ranksAbove(best, next) ? best : next), null);
  return {
    ...stateOf(state, close),
    owner: ownerAmong(unique)?.by ?? null,
    annotations: unique.filter(({ kind }) => kind === 'annotate').length,
    stateVersion: versionOf(state),
  };
}

/** The operation by which somebody owns the message; null when nobody does. */
export function ownerAmong(operations: readonly StoredOperation[]): StoredOperation | null {
  const last = latest(operations, ['own', 'disown']);
  return last?.kind === 'own' ? last : null;
}

/** The same request answered by two servers leaves two operations of one ID; every server keeps the same one of them. */
export function isPreferred(a: StoredOperation, b: StoredOperation): boolean {
  const order = compareVersions(a, b);
  return order === 0 ? contentOf(a) < contentOf(b) : order < 0;
}

function uniqueOperations(operations: readonly StoredOperation[]): Map<string, StoredOperation> {
  const unique = new Map<string, StoredOperation>();
  for (const operation of operations) {
    const known = unique.get(operation.id);
    if (!known || isPreferred(operation, known)) unique.set(operation.id, operation);
  }
  return unique;
}

function contentOf({ id, kind, by, text, pool }: StoredOperation): string {
  return JSON.stringify([id, kind, by, text ?? null, pool ?? null]);
}

function latest(
  operations: readonly StoredOperation[],
  kinds: readonly Operation['kind'][],
): StoredOperation | null {
  let latest: StoredOperation | null = null;
  for (const operation of operations)
    if (kinds.includes(operation.kind) && (!latest || isAfter(operation, latest))) latest = operation;
  return latest;
}

/** Two operations of one entry may share a stamp; their IDs then decide. */
function isAfter(a: StoredOperation, b: StoredOperation): boolean {
  const order = compareVersions(a, b);
  return order === 0 ? a.id > b.id : order > 0;
}

function versionOf(operation: StoredOperation | null): Version | null {
  return operation && { hlc: operation.hlc, origin: operation.origin };
}

function ranksAbove(a: StandingClose, b: StandingClose): boolean {
  return (a.epoch - b.epoch || compareVersions(a, b)) > 0;
}

function stateOf(
  operation: StoredOperation | null,
  close: StandingClose | null,
): Pick<Mark, 'state' | 'acknowledgedMs' | 'acknowledgedBy'> {
  if (operation?.kind === 'acknowledge')
    return { state: 'acknowledged', acknowledgedMs: hlcMs(operation.hlc), acknowledgedBy: operation.by };
  if (close) return { state: 'acknowledged', acknowledgedMs: hlcMs(close.hlc), acknowledgedBy: close.role };
  return { state: 'open', acknowledgedMs: null, acknowledgedBy: null };
}
