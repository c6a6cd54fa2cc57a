import { isTimeZone } from '../../flexible-management/time-template.ts';
import { factsOfMessage, type MessageFacts } from '../../flexible-management/message-facts.ts';
import type { Journal } from '../../journal/journal.ts';
import type { HeldMessage } from '../../messages/held-messages.ts';
import type { MessageStore } from '../../messages/message-store.ts';
import { actingRole } from '../../model/definitions.ts';
import type { Decision, EntryBody, RuleProgress } from '../../model/entry.ts';
import { textOf } from '../../model/errors.ts';
import type { NodeFacts } from '../../model/node-definitions.ts';
import type { Origin } from '../../model/origin.ts';
import type { PolicyDefinition } from '../../model/policy-definitions.ts';
import { uuidV7, type Uuid } from '../../model/uuid.ts';
import type { Grant } from '../../pool/grants.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Grants } from '../grants.ts';
import { handle, serverRules, type Handled, type ServerRules } from './server-rules.ts';
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
/** The label of a node that says in which time zone it is. */
export const timeZoneLabel = 'time-zone';

interface Ports {
  readonly grants: Grants;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly journal: Pick<Journal, 'positions' | 'read' | 'firstKept'>;
  readonly messages: Pick<MessageStore, 'ruleProgress' | 'held' | 'get' | 'stateVersion' | 'isHandled'>;
  policies(): readonly PolicyDefinition[];
  /** What rules about nodes go by. */
  factsOf(nodeName: string): NodeFacts;
  append(body: EntryBody<'decisions'>): Promise<unknown>;
}

/**
 * What the acting server decides about each message by the policies for servers: service hours and outages. Modes: idle,
 * following (a grant of the role is held and its takeover stored).
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
    this.#lookIn(0);
  }

  ended(): void {
    this.#epoch = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Something was stored. */
  committed(): void {
    if (this.#epoch !== null && this.#rulesNow().length > 0) this.#lookIn(soonMs);
  }

  policiesChanged(): void {
    this.#rules = null;
    this.#heldAfter = { after: null };
    if (this.#epoch !== null) this.#lookIn(0);
  }

  #rulesNow(): readonly ServerRules[] {
    this.#rules ??= serverRules(this.#ports.policies());
    return this.#rules;
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
    const { grants, clock } = this.#ports;
    const epoch = grants.current(actingRole)?.epoch;
    if (epoch === undefined || epoch !== this.#epoch) return false;
    const endMs = clock.monotonicMs() + busyMsMax;
    const isBusy = (decisions: readonly Decision[]): boolean =>
      decisions.length >= decisionsMax || clock.monotonicMs() >= endMs;
    const before = { progress: this.#progress, heldAfter: this.#heldAfter };
    const walked = this.#walk(isBusy);
    const held = this.#lookAtHeld(isBusy);
    const decisions = [...walked.decisions, ...held.decisions].slice(0, 5 * decisionsMax);
    const isDue = this.#isUnsaved && clock.monotonicMs() - this.#savedMs >= saveEveryMs;
    const isTurned = before.progress.active !== walked.progress.active;
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

  #walk(isBusy: (decisions: readonly Decision[]) => boolean): {
    readonly progress: RuleProgress;
    readonly decisions: readonly Decision[];
    readonly isMore: boolean;
  } {
    const { journal, log } = this.#ports;
    const isActive = this.#rulesNow().length > 0;
    if (!isActive || !this.#progress.active) {
      const positions = isActive ? { ...journal.positions() } : {};
      return { progress: { active: isActive, positions }, decisions: [], isMore: false };
    }
    const positions: Record<Origin, number> = { ...this.#progress.positions };
    const decisions: Decision[] = [];
    const skipped = (origin: Origin, entries: number): void =>
      log.warn('entries were trimmed before rules for servers were asked about them', { origin, entries });
    for (const { origin, seq, arrived } of walkJournal(journal, positions, skipped)) {
      for (const one of arrived) decisions.push(...this.#decisionsOn(one));
      positions[origin] = seq;
      this.#isUnsaved ||= arrived.length > 0;
      if (isBusy(decisions)) return { progress: { active: true, positions }, decisions, isMore: true };
    }
    return { progress: { active: true, positions }, decisions, isMore: false };
  }

  /** One that was decided about by a holder before us, or that came twice, is left as it is. */
  #decisionsOn({ node, nodeName, message }: Arrived): Decision[] {
    const { messages } = this.#ports;
    const handled = this.#handled({ ...message, node, nodeName }, message.createdMs);
    return handled === null || messages.isHandled(message.id) ? [] : [this.#close(message.id, handled)];
  }

  #handled(
    message: Parameters<typeof factsOfMessage>[0] & { readonly node: Uuid; readonly nodeName: string },
    epochMs: number,
  ): Handled | null {
    const node = this.#ports.factsOf(message.nodeName);
    return handle(this.#rulesNow(), factsWithNode(message, node), this.#moment(node, epochMs));
  }

  /** The time that counts is that of the node where somebody said in which zone it is. */
  #moment({ labels }: NodeFacts, epochMs: number) {
    const serverZone = this.#ports.clock.timeZone();
    const told = labels[timeZoneLabel];
    return { epochMs, serverZone, nodeZone: told !== undefined && isTimeZone(told) ? told : serverZone };
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
      handled === null && this.#rulesNow().length > 0
        ? 'its service hours have begun'
        : 'the rules that hold messages have changed';
    const release: Decision = { kind: 'release', id: this.#newId(), message: id, close, because };
    return handled === null ? [release] : [this.#close(id, handled), release];
  }

  #newId(): Uuid {
    const { clock, random } = this.#ports;
    return uuidV7(clock.wallMs(), random.bytes(10));
  }
}

function factsWithNode(
  message: Parameters<typeof factsOfMessage>[0] & { readonly node: Uuid; readonly nodeName: string },
  { address }: NodeFacts,
): MessageFacts {
  const addresses = address === null ? [] : [address];
  return factsOfMessage(message, { name: message.nodeName, coreId: message.node, addresses });
}
