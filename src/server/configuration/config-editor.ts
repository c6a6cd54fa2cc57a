import type { Coordination, Transaction } from '../../coordination/coordination.ts';
import { isSameContent, type Content } from '../../definitions/canonical.ts';
import { checkConfig, saidOf } from '../../definitions/check-config.ts';
import { checkTargets } from '../../definitions/check-targets.ts';
import { codecOf, contentSchema } from '../../definitions/config-kinds.ts';
import type { ConfigNow, Found } from '../../definitions/config-now.ts';
import { placeText, type ConfigChange, type DefinitionPlace } from '../../model/config.ts';
import { keys } from '../../model/definitions.ts';
import { depotFileContentSchema } from '../../model/depot.ts';
import { WatchError } from '../../model/errors.ts';
import type { ManagerSystems } from '../../model/policy.ts';
import type { Uuid } from '../../model/uuid.ts';
import { uuidV4 } from '../../model/uuid.ts';
import { issuesText } from '../../policies/policy-set.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { ChangeRecorder } from './change-recorder.ts';
import { conflictOf, type Changed } from './config-conflict.ts';
import type { OwnMessages } from '../health/own-messages.ts';

const attemptsMax = 8;
const contentBytesMax = 262_144;
const namedMax = 10;

interface Ports {
  readonly coordination: Coordination;
  readonly clock: Clock;
  readonly random: Random;
  readonly now: ConfigNow;
  /** Whom rules of flexible management may name. */
  readonly systems: () => ManagerSystems;
  /** Resolves when enough servers have the bytes of these files; rejects with what is missing. */
  readonly filesSafe: (files: readonly { readonly name: string; readonly sha256: string }[]) => Promise<void>;
  readonly revisionOf: (key: string) => number;
  /** Keys of the setup links of a user. */
  readonly setupLinksOf: (user: Uuid) => readonly string[];
  /** Resolves when this server's own copy has come to that revision, or does not get there soon. */
  readonly reached: (revision: number) => Promise<void>;
  readonly recorder: Pick<ChangeRecorder, 'draft' | 'written'>;
  readonly ownMessages: Pick<OwnMessages, 'report'>;
  /** What the history knows of it: who changed it to what, and what it said at a revision. */
  readonly changed: (place: DefinitionPlace, seen: number) => Changed | null;
}

export interface Author {
  readonly name: string;
  /** Null for a service token. */
  readonly coreId: Uuid | null;
}

export interface EditOptions {
  readonly via: string;
  /** What else is written with it. */
  readonly also?: Transaction['writes'];
}

interface Plan {
  readonly transaction: Transaction;
  readonly changes: readonly ConfigChange[];
  readonly change: { readonly key: string };
}

/**
 * Writes definitions for a person: all that it is given or nothing, in one transaction on the revisions that the person saw, so
 * that of two at once the second is told what the first did. What must agree with others (a group and the policy that it
 * names, the last administrator) is guarded by one key more, which every such change writes. Who changed what goes into
 * the same transaction. Errors: WK_BAD_REQUEST (what is wrong with it), WK_NOT_FOUND, WK_CONFLICT (changed meanwhile, in use,
 * a circle), WK_TOO_LARGE, WK_UNAVAILABLE (too few servers have a file of the depot), WK_COORDINATOR_AWAY.
 */
export class ConfigEditor {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Resolves with the revision of the change when this server reads it so. */
  async apply(wanted: readonly ConfigChange[], by: Author, options: EditOptions): Promise<number> {
    for (const change of wanted) checkContent(change);
    const { coordination, reached, recorder, filesSafe } = this.#ports;
    await filesSafe(wanted.flatMap(fileIn));
    await reached(Math.max(...wanted.map(({ revision }) => revision)));
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const plan = this.#plan(wanted, by, options);
      if (plan === null) return Math.max(0, ...wanted.map(({ revision }) => revision));
      const result = await coordination.transact(plan.transaction);
      if (result.done) {
        await reached(result.revision);
        await recorder.written(plan.change.key);
        this.#report(plan.changes, by, options.via, result.revision);
        return result.revision;
      }
      await this.#catchUp(result.failed);
    }
    throw new WatchError(
      'WK_CONFLICT',
      'definitions are being changed by others at the same time; try again',
    );
  }

  /** Null where nothing is to be done. */
  #plan(wanted: readonly ConfigChange[], by: Author, { via, also = [] }: EditOptions): Plan | null {
    const { now, recorder, revisionOf, systems } = this.#ports;
    const found = wanted.map((change) => this.#seen(change));
    const changes = wanted.filter((change, at) => !isSameContent(change.content, found[at]?.content ?? null));
    if (changes.length === 0 && also.length === 0) return null;
    checkConfig(now.with(changes), changes);
    checkTargets(changes, systems());
    const conditions: { key: string; revision: number }[] = [];
    const writes = [...also];
    for (const change of changes) {
      const before = found[wanted.indexOf(change)] ?? null;
      const { key, value } = this.#stored(change, before, by);
      conditions.push({ key, revision: change.revision });
      writes.push({ key, value: value === null ? null : JSON.stringify(value) });
      if (change.kind === 'user' && before !== null && value === null)
        writes.push(...this.#withoutLinks(before));
    }
    for (const key of guardsOf(changes)) {
      conditions.push({ key, revision: revisionOf(key) });
      writes.push({ key, value: JSON.stringify({ lastMs: this.#ports.clock.wallMs() }) });
    }
    const items = changes.map(({ kind, name, content }) => ({ kind, name, content: normal(kind, content) }));
    const change = recorder.draft({ by: by.name, via, items });
    if (items.length > 0) writes.push(change);
    return { transaction: { conditions, writes }, changes, change };
  }

  /** What is there, which has to be what the writer saw. */
  #seen({ kind, name, revision }: ConfigChange): Found | null {
    const found = this.#ports.now.find({ kind, name });
    const at = found?.revision ?? 0;
    if (at === revision) return found;
    throw conflictOf({ kind, name }, at, revision, this.#ports.changed({ kind, name }, revision));
  }

  #stored(change: ConfigChange, before: Found | null, by: Author): { key: string; value: unknown } {
    const { kind, name, content } = change;
    if (content === null) {
      if (before === null) throw new WatchError('WK_NOT_FOUND', `there is no ${saidOf({ kind, name })}`);
      if (kind === 'role' && name === 'acting')
        throw new WatchError('WK_CONFLICT', 'the role acting is there in every pool');
      if (kind === 'user' && isOf(before.stored, by.coreId))
        throw new WatchError('WK_CONFLICT', `you are ${name}; another administrator has to remove you`);
      return { key: before.key, value: null };
    }
    const { clock, random, now } = this.#ports;
    return codecOf(kind).toStored(content, before?.stored ?? null, {
      name,
      by: by.name,
      atMs: clock.wallMs(),
      names: now.names,
      newId: () => uuidV4(random.bytes(16)),
    });
  }

  #withoutLinks({ key }: Found): { key: string; value: null }[] {
    const links = this.#ports.setupLinksOf(key.slice(keys.users.length));
    return links.map((key) => ({ key, value: null }));
  }

  /** Some of these keys were written meanwhile: what is decided next is decided on what they are then. */
  async #catchUp(failed: readonly string[]): Promise<void> {
    const { coordination, reached } = this.#ports;
    for (const key of failed) {
      const item = await coordination.get(key);
      // One that is gone is noticed here with whatever was written last.
      const revision = item?.revision ?? (await coordination.list(key)).revision;
      await reached(revision);
    }
  }

  #report(changes: readonly ConfigChange[], by: Author, via: string, revision: number): void {
    const [first] = changes;
    if (first === undefined) return;
    const verb = first.content === null ? 'removed' : 'changed';
    const said = saidOf(first);
    const names = changes.slice(0, namedMax).map(placeText).join(', ');
    const more = changes.length > namedMax ? ' …' : '';
    this.#ports.ownMessages.report(
      changes.length === 1
        ? {
            severity: 'normal',
            key: `definition:${placeText(first)}:${revision}`,
            object: first.name,
            text: `${(said[0] ?? '').toUpperCase()}${said.slice(1)} was ${verb} by ${by.name}`,
          }
        : {
            severity: 'normal',
            key: `definitions:${by.name}`,
            object: 'definitions',
            text: `${changes.length} definitions were changed by ${by.name} (${via}): ${names}${more}`,
          },
    );
  }
}

function fileIn({ kind, name, content }: ConfigChange): { name: string; sha256: string }[] {
  if (kind !== 'depot-file' || content === null) return [];
  return [{ name, sha256: depotFileContentSchema.parse(content).sha256 }];
}

function normal(kind: ConfigChange['kind'], content: Content | null): Record<string, unknown> | null {
  return content === null ? null : { ...codecOf(kind).normal(content) };
}

function checkContent({ kind, name, content }: ConfigChange): void {
  if (content === null) return;
  const bytes = JSON.stringify(content).length;
  if (bytes > contentBytesMax)
    throw new WatchError(
      'WK_TOO_LARGE',
      `${saidOf({ kind, name })} has ${bytes} bytes, and ${contentBytesMax} are allowed`,
    );
  const result = contentSchema({ kind, name }).safeParse(content);
  if (!result.success)
    throw new WatchError('WK_BAD_REQUEST', `${saidOf({ kind, name })}: ${issuesText(result.error)}`);
  if (kind === 'policy' && content['name'] !== name)
    throw new WatchError('WK_BAD_REQUEST', `the policy calls itself ${String(content['name'])}, not ${name}`);
}

/** Keys that everything writes that has to agree with other definitions. */
function guardsOf(changes: readonly ConfigChange[]): string[] {
  const has = (...kinds: readonly ConfigChange['kind'][]): boolean =>
    changes.some(({ kind }) => kinds.includes(kind));
  return [
    ...(has('depot-file', 'message-group', 'tool', 'policy', 'policy-group', 'node-group')
      ? [keys.policyUses]
      : []),
    ...(has('user', 'user-role', 'message-group') ? [keys.userNames] : []),
  ];
}

function isOf(stored: unknown, coreId: Uuid | null): boolean {
  return typeof stored === 'object' && stored !== null && 'coreId' in stored && stored.coreId === coreId;
}
