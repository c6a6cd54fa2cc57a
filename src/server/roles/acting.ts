import { actingRole } from '../../model/definitions.ts';
import type { Decision, EntryBody } from '../../model/entry.ts';
import { textOf } from '../../model/errors.ts';
import type { Version } from '../../model/operation.ts';
import { uuidV7, type Uuid } from '../../model/uuid.ts';
import type { Grant } from '../../pool/grants.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { every } from '../../runtime/timing.ts';
import type { GrantListener, Grants } from './grants.ts';
import type { SilenceView } from './silence-view.ts';
import { silenceStep, type SilenceState, type SilenceVerdict } from './silence.ts';

const decideEveryMs = 1_000;
/** Deciding takes at most one part in so many of the time; the more nodes, the seldomer it happens. */
const restShare = 10;
/** Nodes about to be called silent are looked up one by one, for so long at most. */
const lookUpMsMax = 100;
/** In one entry; the rest follows a second later. */
const decisionsMax = 1_000;

export function silenceKey(node: Uuid): string {
  return `node-silent:${node}`;
}

/** A silence message that is open, and the version of its state that was seen. */
export interface OpenSilence {
  readonly message: Uuid;
  readonly seen: Version | null;
}

interface Ports {
  readonly grants: Grants;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Stores the takeover; false when the role was lost before that. */
  takeOver(grant: Grant): Promise<boolean>;
  appendDecisions(body: EntryBody<'decisions'>): Promise<unknown>;
  readonly silence: Pick<SilenceView, 'gather' | 'wasReported' | 'decided'>;
  /** The takeover of this grant is stored, so what is decided under it counts. */
  began(grant: Grant): void;
  ended(): void;
}

/**
 * The decisions of the acting server. Modes: passive, taking over (the takeover entry is being stored), deciding.
 * passive -> taking over when granted; taking over -> deciding when the entry is on disk; any -> passive when the
 * grant is lost. Nothing is decided without a look at the grant's deadline in the same turn.
 */
export class Acting implements GrantListener {
  readonly #ports: Ports;
  #timer: Timer | null = null;
  #state: SilenceState = new Map();
  /** A verdict that is being stored is not reached a second time meanwhile. */
  #storing = false;
  #restUntilMs = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
    ports.grants.listen(this);
  }

  gained(grant: Grant): void {
    if (grant.role === actingRole) void this.#takeOver(grant);
  }

  lost(role: string): void {
    if (role !== actingRole) return;
    this.#timer?.cancel();
    this.#timer = null;
    this.#state = new Map();
    this.#ports.ended();
    this.#ports.log.info('this server is not the acting server any more', { role });
  }

  close(): void {
    this.#timer?.cancel();
    this.#ports.ended();
  }

  async #takeOver(grant: Grant): Promise<void> {
    if (!(await this.#ports.takeOver(grant))) return;
    this.#timer?.cancel();
    this.#timer = every(this.#ports.timers, decideEveryMs, () => this.#decide());
    this.#ports.began(grant);
  }

  async #decide(): Promise<void> {
    const { grants, clock, log, silence } = this.#ports;
    const grant = grants.current(actingRole);
    const startedMs = clock.monotonicMs();
    if (!grant || this.#storing || startedMs < this.#restUntilMs) return;
    this.#storing = true;
    try {
      const decisions = this.#decisions();
      this.#restUntilMs = clock.monotonicMs() + restShare * (clock.monotonicMs() - startedMs);
      if (decisions.length === 0 || grants.current(actingRole)?.epoch !== grant.epoch) return;
      await this.#ports.appendDecisions({ role: actingRole, epoch: grant.epoch, decisions });
      silence.decided(decisions);
    } catch (error) {
      log.warn('nothing could be decided now; tried again', { error: textOf(error) });
    } finally {
      this.#storing = false;
    }
  }

  #decisions(): Decision[] {
    const { clock, silence } = this.#ports;
    const look = silence.gather();
    const [state, verdicts] = silenceStep(this.#state, look, clock.monotonicMs());
    this.#state = state;
    const startedMs = clock.monotonicMs();
    const isNew = ({ node }: SilenceVerdict): boolean =>
      look.complete && clock.monotonicMs() - startedMs < lookUpMsMax && !silence.wasReported(node);
    return verdicts
      .filter((verdict) => verdict.do === 'close' || isNew(verdict))
      .slice(0, decisionsMax)
      .flatMap((verdict) => this.#decisionOf(verdict, look.messages));
  }

  #decisionOf(verdict: SilenceVerdict, messages: ReadonlyMap<Uuid, OpenSilence>): Decision[] {
    const { clock, random, log } = this.#ports;
    log.info(verdict.do === 'raise' ? 'node is silent' : 'node is back', {
      node: verdict.node,
      because: verdict.because,
    });
    const id = uuidV7(clock.wallMs(), random.bytes(10));
    if (verdict.do === 'close') {
      const open = messages.get(verdict.node);
      if (!open) return [];
      return [{ kind: 'close', id, message: open.message, seen: open.seen, because: verdict.because }];
    }
    return [
      {
        kind: 'raise',
        node: verdict.node,
        nodeName: verdict.name,
        message: {
          id,
          createdMs: clock.wallMs(),
          severity: 'major',
          text: `Node ${verdict.name} is silent: no server of the pool has heard its agent for 30 s`,
          application: 'watchkeeper',
          object: 'agent',
          group: 'watchkeeper',
          key: silenceKey(verdict.node),
          source: actingRole,
        },
      },
    ];
  }
}
