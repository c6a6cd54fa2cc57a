import { AddressCarrier } from '../carriers/address-carrier.ts';
import { clearAddresses } from '../carriers/clear-addresses.ts';
import type { Change, Transaction } from '../coordination/coordination.ts';
import { codeOf, textOf, WatchError } from '../model/errors.ts';
import { unreachable } from '../model/invariant.ts';
import { prefixed } from '../model/virtual-address.ts';
import type { Timer } from '../runtime/clock.ts';
import { every, sleep } from '../runtime/timing.ts';
import { ensureActing } from './ensure-acting.ts';
import type { Keeper, KeeperOptions } from './keeper-options.ts';
import { awaitEnd, lockData, nothingNoted, readKeeperFile, writeKeeperFile } from './keeper-file.ts';
import type { DataLock, KeeperFile } from './keeper-file.ts';
import { isCoordinatorAway, isFailsafe } from './lease/lease-failsafe.ts';
import { isWaiting } from './lease/lease-standing.ts';
import { KeeperLog } from './keeper-log.ts';
import { advance } from './lease/lease.ts';
import { initialLease } from './lease/lease-state.ts';
import type { LeaseEffect, LeaseEvent, LeaseState, Now, Outcome, ViewItem } from './lease/lease-state.ts';
import { ServerChild } from './server-child.ts';
import { placesOf } from './places-of.ts';
import { assertTimings, lookEveryMs, timingsDefault, type Timings } from './lease/timings.ts';
import { viewItem, watchedPrefixes } from './view-item.ts';

const joinRetryMs = 500;
const rememberEveryMs = 5_000;
/** Nobody loses an etcd of several machines and restores an old backup in so short a time. */
const memoryMsDefault = 600_000;
/** A server that was told to stop has this long to bring its work to an end. */
const serverStopMs = 10_000;

/**
 * Starts the keeper of one server: locks the data folder, waits for the end of the server process of an earlier run,
 * starts a new one, and holds the session. It must be kept running by the caller (`keepAlive`). Throws WK_CONFLICT
 * where another keeper runs, WK_CONFIG where the timings do not fit.
 */
export async function startKeeper(options: KeeperOptions): Promise<Keeper> {
  assertTimings(options.timings ?? timingsDefault);
  const { runtime, folder } = options;
  const lock = await lockData(runtime.databases, runtime.files, folder);
  try {
    const before = await readKeeperFile(runtime.files, folder);
    // First, since an old gate may still be open, and our new session frees its role for the others.
    await clearAddresses(runtime, before?.addresses ?? [], (options.timings ?? timingsDefault).ttlMs);
    if (before?.server) await awaitEnd(runtime, before.server);
    const known = before ?? { lineage: null, ...nothingNoted };
    const file = { ...known, keeper: runtime.commands.self, server: null, addresses: [] };
    await writeKeeperFile(runtime.files, folder, file);
    return new RunningKeeper(options, lock, file);
  } catch (error) {
    lock.release();
    throw error;
  }
}

class RunningKeeper implements Keeper {
  readonly stopped: Promise<void>;
  readonly #options: KeeperOptions;
  readonly #timings: Timings;
  readonly #server: ServerChild;
  readonly #carrier: AddressCarrier;
  readonly #ticker: Timer;
  readonly #remembering: Timer;
  readonly #watches: { close(): void }[] = [];
  readonly #end = Promise.withResolvers<void>();
  readonly #unreadable = new Set<string>();
  readonly #log: KeeperLog;
  readonly #lock: DataLock;
  #file: KeeperFile;
  #written: Promise<void> = Promise.resolve();
  readonly #state: LeaseState;
  #looks = 0;
  #away = false;
  #told = '';
  #closing = false;

  constructor(options: KeeperOptions, lock: DataLock, file: KeeperFile) {
    this.#options = options;
    this.#lock = lock;
    this.#file = file;
    this.#timings = options.timings ?? timingsDefault;
    this.stopped = this.#end.promise;
    // Whoever stops us waits for it; a failure that nobody waits for stands in the log.
    this.stopped.catch(() => undefined);
    const { runtime, coreId, version } = options;
    const run = Buffer.from(runtime.random.bytes(8)).toString('hex');
    this.#log = new KeeperLog(runtime.log);
    const awayMs = file.notedMs === null ? null : Math.floor(runtime.clock.wallMs()) - file.notedMs;
    const { memoryMs = memoryMsDefault } = options;
    const isCautious = options.remembersRevision === true;
    const { lineage, sessionRevision, wasAlone } = file;
    const known = { lineage, revision: file.revision ?? 0, sessionRevision, awayMs, wasAlone };
    const caution = { memoryMs, isCautious };
    this.#state = initialLease({ coreId, timings: this.#timings, version, run, ...known, ...caution });
    this.#server = new ServerChild({
      runtime,
      args: options.serverArgs,
      onSpawn: (process) => this.#write({ server: process }),
      onStarted: (process) => this.#step({ kind: 'server started', process }),
      onMessage: (message) => this.#step({ kind: 'server said', message }),
      onEnded: () => this.#step({ kind: 'server ended' }),
    });
    this.#carrier = new AddressCarrier({
      runtime,
      timings: this.#timings,
      onClosed: (role) => this.#step({ kind: 'carrier closed', role }),
      onFit: (role, because) => void this.#carrierFit(role, because),
    });
    this.#ticker = every(runtime.timers, lookEveryMs(this.#timings), () => this.#step({ kind: 'tick' }));
    this.#remembering = every(runtime.timers, rememberEveryMs, () => this.#remember());
    void this.#join();
  }

  holds(role: string): boolean {
    // The deadline may have passed since the last step.
    this.#step({ kind: 'tick' });
    return this.#state.held.get(role)?.leaving === null;
  }

  get isWaiting(): boolean {
    return isWaiting(this.#state);
  }

  witnesses(known: { listed: number; heard: number; memoryMs: number }): void {
    this.#step({ kind: 'witnesses', ...known });
  }

  stop(): Promise<void> {
    this.#server.stopRestarting();
    this.#step({ kind: 'stop' });
    return this.stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #step(event: LeaseEvent): void {
    if (this.#closing) return;
    const { clock } = this.#options.runtime;
    const now = { monotonicMs: clock.monotonicMs(), wallMs: Math.floor(clock.wallMs()) };
    for (const effect of advance(this.#state, event, now)) this.#carryOut(effect);
    this.#tellOfCoordinator(event.kind === 'server started', now);
    // Others came: a note that says we were alone would spare the next run to hear them.
    if (this.#file.wasAlone && !this.#state.wasAlone) this.#remember();
  }

  /** What the server process says to people about the coordinator. */
  #tellOfCoordinator(always: boolean, now: Now): void {
    const { own, doubt } = this.#state;
    const isAway = isCoordinatorAway(this.#state, now);
    const isConfirmed = isAway && own !== null && isFailsafe(own);
    const about = { isAway, isConfirmed, doubt, isWaiting: isWaiting(this.#state) };
    const text = `${isAway} ${isConfirmed} ${doubt} ${about.isWaiting}`;
    if (!always && text === this.#told) return;
    this.#told = text;
    this.#server.send({ kind: 'coordinator', ...about });
  }

  #tell(told: Extract<LeaseEffect, { kind: 'tell' }>): void {
    const { kind: _, before, released, ...known } = told;
    const endpoints = [...(this.#options.whereabouts?.endpoints() ?? [])];
    const freed = released === undefined ? {} : { released: [...released] };
    this.#server.send({ kind: 'standing', ...known, before: [...before], endpoints, ...freed });
  }

  #carryOut(effect: LeaseEffect): void {
    const { runtime } = this.#options;
    switch (effect.kind) {
      case 'transact':
        return void this.#call(effect.call, () => this.#transact(effect.transaction));
      case 'ask':
        return this.#server.send({ ...effect, members: [...effect.members] });
      case 'answer':
        return this.#server.send(effect);
      case 'refused':
        return this.#log.refused(effect.by, effect.because);
      case 'read':
        return void this.#call(effect.call, () => this.#read(effect.keys));
      case 'grant':
        return this.#server.send({ kind: 'grants', grants: [...effect.grants] });
      case 'carry':
        return this.#carrier.carry(effect.roles);
      case 'expect':
        return this.#carrier.expect(effect.roles, effect.deadlineMs);
      case 'stop server':
        return this.#server.send({ kind: 'stop' });
      case 'kill server':
        runtime.log.warn('the server process is killed', { because: effect.because });
        return this.#server.kill();
      case 'end processes':
        for (const id of effect.processes)
          if (runtime.commands.end(id))
            runtime.log.warn('a silent server process was ended, since it may own our port', { pid: id.pid });
        return;
      case 'changed':
        return this.#log.changed(effect.change, this.#state);
      case 'session':
        return this.#log.session(effect.what, effect.incarnation, this.#state);
      case 'lineage':
        return this.#keep({ lineage: effect.lineage, ...nothingNoted });
      case 'doubt':
        // The doubt must outlive this run: what is known now is more than what was noted up to a minute ago.
        if (this.#options.remembersRevision === true) this.#keep({ ...this.#known(), notedMs: null });
        return runtime.log.error(`${effect.because}: no role is taken until an operator confirms`);
      case 'tell':
        return this.#tell(effect);
      case 'follow':
        return void this.#options.whereabouts?.follow(effect.endpoints);
      case 'look again':
        return void this.#join();
      case 'stopped':
        return void this.#close();
      default:
        unreachable(effect);
    }
  }

  /** What may be put on this machine is written down before it is: the next run clears it. */
  async #carrierFit(role: string, because: string | null): Promise<void> {
    if (because === null) await this.#noteAddress(role);
    this.#step({ kind: 'carrier fit', role, because });
  }

  async #noteAddress(role: string): Promise<void> {
    const place = placesOf(this.#state.definitions, this.#options.coreId).get(role);
    if (place === undefined) return;
    const [address, { device }] = [prefixed(place), place];
    const known = this.#file.addresses;
    if (known.some((each) => each.address === address && each.device === device)) return;
    await this.#write({ addresses: [...known, { address, device }] });
  }

  // The coordinator.

  /** A look at everything in the coordinator, repeated until it answers; then everything comes by watching. */
  async #join(): Promise<void> {
    const look = ++this.#looks;
    while (!this.#closing && look === this.#looks) {
      try {
        for (const watch of this.#watches.splice(0)) watch.close();
        for (const kind of kindsWatched) await this.#watch(kind, look);
        if (this.#state.doubt === null) await ensureActing(this.#options.coordination);
        return;
      } catch (error) {
        if (codeOf(error) !== 'WK_COORDINATOR_AWAY') return this.#fail(error);
        this.#answers(false, textOf(error));
      }
      await sleep(this.#options.runtime.timers, joinRetryMs);
    }
  }

  async #watch(kind: ViewItem['kind'], look: number): Promise<void> {
    const { coordination } = this.#options;
    const prefix = watchedPrefixes[kind];
    const { items, revision } = await coordination.list(prefix);
    if (this.#closing || look !== this.#looks) return;
    if (kind === 'pool' && items.length === 0 && this.#file.lineage === null)
      throw new WatchError('WK_CONFIG', 'the coordinator knows no pool: is its address the right one?');
    this.#changed(kind, { reset: true, items, revision });
    // What it said may have made us look again.
    if (look !== this.#looks) return;
    this.#watches.push(coordination.watch(prefix, revision, (change) => this.#changed(kind, change)));
  }

  /** Whoever starts after the coordinator was restored can tell by this. */
  #remember(): void {
    const { doubt, isTrusted } = this.#state;
    if (this.#options.remembersRevision !== true || doubt !== null) return;
    // While we wait ourselves, nobody is to think that all was well a moment ago.
    const notedMs = isTrusted ? Math.floor(this.#options.runtime.clock.wallMs()) : this.#file.notedMs;
    this.#keep({ ...this.#known(), notedMs });
  }

  #known(): Pick<KeeperFile, 'revision' | 'sessionRevision' | 'wasAlone'> {
    const { highest: revision, sessionRevision, wasAlone } = this.#state;
    return { revision, sessionRevision, wasAlone };
  }

  #keep(change: Partial<KeeperFile>): void {
    this.#write(change).catch((error: unknown) =>
      this.#options.runtime.log.error('the keeper cannot write its file', { because: textOf(error) }),
    );
  }

  #changed(kind: ViewItem['kind'], { reset, revision: asOf, items }: Change): void {
    const whole = reset ? kind : null;
    this.#step({ kind: 'view', whole, asOf, items: items.flatMap((item) => this.#view(item, asOf)) });
    if (kind === 'role') this.#carrier.define(placesOf(this.#state.definitions, this.#options.coreId));
  }

  #view(item: Change['items'][number], asOf: number): ViewItem[] {
    const read = viewItem(item, asOf);
    if (read !== null) return [read];
    if (!this.#unreadable.has(item.key))
      this.#options.runtime.log.error('a record of the coordinator cannot be read; it is left alone', {
        key: item.key,
      });
    this.#unreadable.add(item.key);
    return [];
  }

  /** Answers exactly once, whatever becomes of the call: no answer in time is an outcome that is not known. */
  async #call(call: number, run: () => Promise<Outcome>): Promise<void> {
    const { timers, log } = this.#options.runtime;
    const late = Promise.withResolvers<Outcome>();
    const timer = timers.after(this.#timings.callTimeoutMs, () => late.resolve({ kind: 'unknown' }));
    let outcome: Outcome;
    try {
      outcome = await Promise.race([run(), late.promise]);
      this.#answers(outcome.kind !== 'unknown', `no answer within ${this.#timings.callTimeoutMs} ms`);
    } catch (error) {
      outcome = { kind: 'unknown' };
      if (codeOf(error) === 'WK_COORDINATOR_AWAY') this.#answers(false, textOf(error));
      else log.error('a call to the coordinator failed', { because: textOf(error) });
    }
    timer.cancel();
    this.#step({ kind: 'answered', call, outcome });
  }

  async #transact(transaction: Transaction): Promise<Outcome> {
    return { kind: 'result', result: await this.#options.coordination.transact(transaction) };
  }

  /** By listing, since a list also says as of which revision a key is absent. */
  async #read(names: readonly string[]): Promise<Outcome> {
    const items = await Promise.all(
      names.map(async (key) => {
        const { items, revision } = await this.#options.coordination.list(key);
        const found = items.find((item) => item.key === key) ?? { key, value: null, revision };
        return this.#view(found, revision);
      }),
    );
    return { kind: 'read', items: items.flat() };
  }

  #answers(now: boolean, because: string): void {
    const { log } = this.#options.runtime;
    if (now && this.#away) log.info('the coordinator answers again');
    if (!now && !this.#away) log.warn('the coordinator does not answer; no role is taken', { because });
    this.#away = !now;
  }

  // What outlives us, and the end.

  /** One after the other, so that the last content is the one that stays. */
  #write(change: Partial<KeeperFile>): Promise<void> {
    this.#file = { ...this.#file, ...change };
    const { files } = this.#options.runtime;
    const write = (): Promise<void> => writeKeeperFile(files, this.#options.folder, this.#file);
    this.#written = this.#written.then(write, write);
    return this.#written;
  }

  #fail(error: unknown): void {
    this.#options.runtime.log.error('the keeper cannot go on', { because: textOf(error) });
    this.#server.send({ kind: 'stop' });
    void this.#close(error);
  }

  /** The session has ended, or will by itself; the server process may still bring its work to an end. */
  async #close(failure?: unknown): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#ticker.cancel();
    this.#remembering.cancel();
    for (const watch of this.#watches) watch.close();
    await Promise.all([this.#carrier.close(), this.#server.stop(serverStopMs)]);
    this.#lock.release();
    if (failure === undefined) this.#end.resolve();
    else this.#end.reject(failure);
  }
}

/** The pool first: whether anything of the rest counts stands in it. */
const kindsWatched = ['pool', 'server', 'role', 'session', 'holder'] as const satisfies ViewItem['kind'][];
