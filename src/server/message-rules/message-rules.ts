import {
  factsOfMessage,
  type MessageFacts,
  type StatusVariables,
} from '../../flexible-management/message-facts.ts';
import type { Journal } from '../../journal/journal.ts';
import type { HeldMessage } from '../../messages/held-messages.ts';
import type { MessageStore } from '../../messages/message-store.ts';
import { actingRole } from '../../model/definitions.ts';
import type { Decision, EntryBody, RuleProgress } from '../../model/entry.ts';
import { textOf } from '../../model/errors.ts';
import type { NodeFacts } from '../../model/node-definitions.ts';
import type { Origin } from '../../model/origin.ts';
import type { PolicyDefinition } from '../../model/policy-definitions.ts';
import type { ManagerSystems } from '../../model/policy.ts';
import type { IsInGroup } from '../../model/rights.ts';
import { valuesOf, type StatusVariable } from '../../model/status-variables.ts';
import { hopsMax } from '../../model/sharing.ts';
import { uuidV7, type Uuid } from '../../model/uuid.ts';
import type { Grant } from '../../pool/grants.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { AutomaticActions } from '../actions/automatic-actions.ts';
import type { Grants } from '../roles/grants.ts';
import type { OwnMessages } from '../health/own-messages.ts';
import { nodeMoment } from './node-moment.ts';
import { definedOutages, handleInOutage, type DefinedOutage } from './outages.ts';
import {
  handle,
  serverRules,
  wantedShares,
  type Handled,
  type ServerRules,
  type WantedShare,
} from './server-rules.ts';
import { walkJournal, type Arrived } from './walk-journal.ts';

/** Looked at so often also when nothing comes: service hours begin by themselves. */
const lookEveryMs = 1_000;
/** After a commit: what comes in a burst is decided together. */
const soonMs = 20;
/** The server does nothing else meanwhile. */
const busyMsMax = 50;
const decisionsMax = 1_000;
/** How far the rules were asked is written so often where they decide nothing. */
const saveEveryMs = 5_000;
const becauseCharsMax = 256;
/** What may wait for another pool; beyond that nothing more is shared with it. */
const waitingMax = 100_000;

interface Ports {
  readonly grants: Grants;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly journal: Pick<Journal, 'positions' | 'read' | 'firstKept'>;
  readonly messages: Pick<
    MessageStore,
    'ruleProgress' | 'held' | 'get' | 'stateVersion' | 'isHandled' | 'sharing'
  >;
  readonly ownPool: Uuid;
  readonly ownMessages: Pick<OwnMessages, 'report'>;
  readonly automatic: Pick<AutomaticActions, 'isWanted' | 'began' | 'renew' | 'start'>;
  /** Whom rules may name. */
  systems(): ManagerSystems;
  policies(): readonly PolicyDefinition[];
  /** Those that were switched. */
  statusVariables(): readonly StatusVariable[];
  /** What rules about nodes go by. */
  factsOf(nodeName: string): NodeFacts;
  readonly isInGroup: IsInGroup;
  append(body: EntryBody<'decisions'>): Promise<unknown>;
}

/**
 * What the acting server decides about each message: by the outages and the policies for servers whether it is worked on now, and with which other
 * pools it is shared; by the policy that made it, what is done about it. Modes: idle, following (a grant of the role is held and its takeover stored).
 *
 * It walks the journal, and writes with its decisions how far it came, so that a successor goes on there: what it decided and
 * the successor had not heard of is void with that place, and decided again. While no policy is in force nothing is
 * walked; one that comes later is asked about what comes from then on.
 */
export class MessageRules {
  readonly #ports: Ports;
  #epoch: number | null = null;
  #timer: Timer | null = null;
  #lookAtMs = Infinity;
  #isLooking = false;
  #progress: RuleProgress = { active: false, positions: {} };
  /** Messages were walked over since the last time that was written. */
  #isUnsaved = false;
  #savedMs = 0;
  #rules: readonly ServerRules[] | null = null;
  #outages: readonly DefinedOutage[] | null = null;
  #systems: ManagerSystems | null = null;
  #variables: StatusVariables | null = null;
  /** How much waits for other pools, counted once a look. */
  readonly #waiting = new Map<Uuid, number>();
  /** Held messages are looked at again from here on: policies have changed; null when all were. */
  #heldAfter: { readonly after: Uuid | null } | null = null;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** The takeover of this grant is stored. */
  began({ epoch }: Grant): void {
    const { messages } = this.#ports;
    this.#progress = messages.ruleProgress(actingRole) ?? { active: false, positions: {} };
    this.#epoch = epoch;
    this.#isUnsaved = false;
    this.#heldAfter = { after: null };
    this.#ports.automatic.began();
    this.#lookIn(0);
  }

  ended(): void {
    this.#epoch = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Something was stored. */
  committed(): void {
    if (this.#epoch !== null && this.#isWanted()) this.#lookIn(soonMs);
  }

  policiesChanged(): void {
    this.#rules = null;
    this.#outages = null;
    this.#systems = null;
    this.#variables = null;
    this.#heldAfter = { after: null };
    if (this.#epoch !== null) this.#lookIn(0);
  }

  #rulesNow(): readonly ServerRules[] {
    this.#rules ??= serverRules(this.#ports.policies());
    return this.#rules;
  }

  #outagesNow(): readonly DefinedOutage[] {
    this.#outages ??= definedOutages(this.#ports.policies(), this.#ports.isInGroup);
    return this.#outages;
  }

  #variablesNow(): StatusVariables {
    this.#variables ??= valuesOf(this.#ports.statusVariables());
    return this.#variables;
  }

  #isAnyRule(): boolean {
    return this.#rulesNow().length > 0 || this.#outagesNow().length > 0;
  }

  #isWanted(): boolean {
    return this.#isAnyRule() || this.#ports.automatic.isWanted;
  }

  /** The earliest of all that asked. */
  #lookIn(ms: number): void {
    const atMs = this.#ports.clock.monotonicMs() + ms;
    if (this.#timer !== null && this.#lookAtMs <= atMs) return;
    this.#timer?.cancel();
    this.#lookAtMs = atMs;
    this.#timer = this.#ports.timers.after(ms, () => void this.#look());
  }

  async #look(): Promise<void> {
    this.#timer = null;
    if (this.#isLooking) return this.#lookIn(soonMs);
    this.#isLooking = true;
    let isMore = false;
    try {
      isMore = await this.#decide();
    } catch (error) {
      this.#ports.log.warn('rules for servers could not be asked now; tried again', { error: textOf(error) });
    } finally {
      this.#isLooking = false;
    }
    if (this.#epoch !== null) this.#lookIn(isMore ? soonMs : lookEveryMs);
  }

  /** True when there is more to do at once. */
  async #decide(): Promise<boolean> {
    const { grants, clock, automatic } = this.#ports;
    const epoch = grants.current(actingRole)?.epoch;
    if (epoch === undefined || epoch !== this.#epoch) return false;
    await automatic.renew(epoch);
    const endMs = clock.monotonicMs() + busyMsMax;
    const isBusy = (decisions: readonly unknown[]): boolean =>
      decisions.length >= decisionsMax || clock.monotonicMs() >= endMs;
    this.#waiting.clear();
    const before = { progress: this.#progress, heldAfter: this.#heldAfter };
    const walked = this.#walk(isBusy);
    const held = this.#lookAtHeld(isBusy);
    const decisions = [...walked.decisions, ...held.decisions].slice(0, 5 * decisionsMax);
    const isDue = this.#isUnsaved && clock.monotonicMs() - this.#savedMs >= saveEveryMs;
    const isTurned = before.progress.active !== walked.progress.active;
    // Before it is written that these were walked over: who goes on there does not look at them again.
    await automatic.start(walked.unhandled, epoch);
    if (decisions.length > 0 || isDue || isTurned) {
      await this.#ports.append({ role: actingRole, epoch, decisions, progress: walked.progress });
      this.#isUnsaved = false;
      this.#savedMs = clock.monotonicMs();
    }
    // Meanwhile the role may have been lost and won again, or policies have changed.
    if (this.#progress === before.progress) this.#progress = walked.progress;
    if (this.#heldAfter === before.heldAfter) this.#heldAfter = held.rest;
    return walked.isMore || held.isMore;
  }

  #walk(isBusy: (decisions: readonly unknown[]) => boolean): Walked {
    const { journal, log, automatic } = this.#ports;
    const isActive = this.#isWanted();
    if (!isActive || !this.#progress.active) {
      const positions = isActive ? { ...journal.positions() } : {};
      return { progress: { active: isActive, positions }, decisions: [], unhandled: [], isMore: false };
    }
    const positions: Record<Origin, number> = { ...this.#progress.positions };
    const decisions: Decision[] = [];
    const unhandled: Arrived[] = [];
    const skipped = (origin: Origin, entries: number): void =>
      log.warn('entries were trimmed before rules for servers were asked about them', { origin, entries });
    for (const { origin, seq, arrived } of walkJournal(journal, positions, skipped)) {
      for (const one of arrived) {
        const decided = this.#decisionsOn(one);
        decisions.push(...decided.decisions);
        if (automatic.isWanted && !decided.isHandled) unhandled.push(one);
      }
      positions[origin] = seq;
      this.#isUnsaved ||= arrived.length > 0;
      if (isBusy(decisions) || isBusy(unhandled))
        return { progress: { active: true, positions }, decisions, unhandled, isMore: true };
    }
    return { progress: { active: true, positions }, decisions, unhandled, isMore: false };
  }

  /** One that was decided about by a holder before us, or that came twice, is left as it is. */
  #decisionsOn({ node, nodeName, message }: Arrived): {
    readonly decisions: readonly Decision[];
    readonly isHandled: boolean;
  } {
    if (!this.#isAnyRule()) return { decisions: [], isHandled: false };
    const placed = { ...message, node, nodeName };
    const handled = this.#handled(placed, message.createdMs);
    if (handled === null) return { decisions: this.#share(placed, message.createdMs), isHandled: false };
    const isKnown = this.#ports.messages.isHandled(message.id);
    return { decisions: isKnown ? [] : [this.#close(message.id, handled)], isHandled: true };
  }

  /** An outage is what somebody says of today; it goes before what is said for every day. */
  #handled(message: PlacedMessage, epochMs: number): Handled | null {
    const inOutage = handleInOutage(this.#outagesNow(), message, epochMs);
    if (inOutage !== null) return inOutage;
    const { facts, moment } = this.#asked(message, epochMs);
    return handle(this.#rulesNow(), facts, moment, this.#variablesNow());
  }

  /** What the rules ask about: the message, its node, and the hour there. */
  #asked(message: PlacedMessage, epochMs: number) {
    const node = this.#ports.factsOf(message.nodeName);
    return {
      facts: factsWithNode(message, node),
      moment: nodeMoment(node, epochMs, this.#ports.clock.timeZone()),
    };
  }

  /** The other pools that it goes to from here; also those to which it does not go after all, with the reason. */
  #share(message: PlacedMessage, epochMs: number): Decision[] {
    const { facts, moment } = this.#asked(message, epochMs);
    this.#systems ??= this.#ports.systems();
    const wanted = wantedShares(this.#rulesNow(), this.#systems, facts, moment, this.#variablesNow());
    if (wanted.length === 0) return [];
    const { sharing } = this.#ports.messages;
    const known = sharing.sharedWith(message.id);
    const path = [...(sharing.fromOf(message.id)?.path ?? []), this.#ports.ownPool];
    return wanted
      .filter(({ pool }) => !known.has(pool))
      .map((share) => {
        const refused = whyNotShared(share.pool, path) ?? this.#whyFull(share);
        const because = share.because.slice(0, 512).toWellFormed();
        const decided = { ...share, because, ...(refused !== null && { refused }) };
        return { kind: 'share', id: this.#newId(), message: message.id, ...decided };
      });
  }

  /** A pool that is away for long gets what was shared with it first, and everybody hears that more came. */
  #whyFull({ pool, poolName }: WantedShare): string | null {
    const waiting = (this.#waiting.get(pool) ?? this.#ports.messages.sharing.waiting(pool).waiting) + 1;
    this.#waiting.set(pool, waiting);
    if (waiting <= waitingMax) return null;
    const text = `more than ${waitingMax} messages and operations wait for pool ${poolName}`;
    const key = `watchkeeper:sharing-full:${pool}`;
    this.#ports.ownMessages.report({
      severity: 'major',
      key,
      text: `${text}; what comes is not shared with it`,
    });
    return text;
  }

  #close(message: Uuid, { what, untilMs, because }: Handled): Decision {
    return {
      kind: 'close',
      id: this.#newId(),
      message,
      seen: this.#ports.messages.stateVersion(message),
      because: `${what}: ${because}`.slice(0, becauseCharsMax).toWellFormed(),
      handling: what,
      ...(what === 'held' && { untilMs }),
    };
  }

  /** Those whose hours have begun, and after a change of policies all of them. */
  #lookAtHeld(isBusy: (decisions: readonly Decision[]) => boolean): {
    readonly decisions: readonly Decision[];
    readonly rest: { readonly after: Uuid | null } | null;
    readonly isMore: boolean;
  } {
    const { messages, clock } = this.#ports;
    const nowMs = clock.wallMs();
    const due = messages.held.due(nowMs, decisionsMax / 2);
    const page = this.#heldAfter === null ? [] : messages.held.page(this.#heldAfter.after, decisionsMax / 2);
    const decisions: Decision[] = [];
    const seen = new Set<Uuid>();
    let rest = this.#heldAfter;
    for (const [at, one] of [...due, ...page].entries()) {
      if (!seen.has(one.message)) decisions.push(...this.#lookAt(one, nowMs));
      seen.add(one.message);
      if (at >= due.length) rest = { after: one.message };
      if (isBusy(decisions)) return { decisions, rest, isMore: true };
    }
    const isMore = page.length === decisionsMax / 2;
    return { decisions, rest: isMore ? rest : null, isMore: isMore || due.length === decisionsMax / 2 };
  }

  #lookAt({ message: id, untilMs, close }: HeldMessage, nowMs: number): Decision[] {
    const message = this.#ports.messages.get(id)?.message;
    const handled = message ? this.#handled(message, nowMs) : null;
    if (message && handled?.what === 'held' && handled.untilMs === untilMs) return [];
    const because =
      handled === null && (untilMs === null ? this.#isAnyRule() : untilMs <= nowMs)
        ? 'its service hours have begun'
        : 'the rules that hold messages have changed';
    const release: Decision = { kind: 'release', id: this.#newId(), message: id, close, because };
    if (handled !== null) return [this.#close(id, handled), release];
    return message ? [release, ...this.#share(message, nowMs)] : [release];
  }

  #newId(): Uuid {
    const { clock, random } = this.#ports;
    return uuidV7(clock.wallMs(), random.bytes(10));
  }
}

interface Walked {
  readonly progress: RuleProgress;
  readonly decisions: readonly Decision[];
  /** Messages that no rule has held, suppressed or only logged. */
  readonly unhandled: readonly Arrived[];
  readonly isMore: boolean;
}

type PlacedMessage = Parameters<typeof factsOfMessage>[0] &
  Pick<Arrived, 'node' | 'nodeName'> & { readonly id: Uuid };

function whyNotShared(pool: Uuid, path: readonly Uuid[]): string | null {
  if (path.includes(pool)) return 'it has been in that pool before';
  return path.length >= hopsMax
    ? `it has gone through ${path.length} pools, and no message goes through more`
    : null;
}

function factsWithNode(message: PlacedMessage, { address }: NodeFacts): MessageFacts {
  const addresses = address === null ? [] : [address];
  return factsOfMessage(message, { name: message.nodeName, coreId: message.node, addresses });
}
