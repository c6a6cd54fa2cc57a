import type { Timings } from '../../src/pool/lease/timings.ts';
import { actingRole, holderSchema, keys } from '../../src/model/definitions.ts';
import type { Transaction } from '../../src/coordination/coordination.ts';
import { messagesOnDisk } from '../checkers/journal-checker.ts';
import { RoleJudge } from '../checkers/role-judge.ts';
import { noMutant } from '../mutants/mutant.ts';
import { CoordinatorRestore } from '../scenarios/coordinator-restore.ts';
import { virtualInterface, WholePool, type SimAgent, type SimServer } from '../scenarios/whole-pool.ts';
import type { World } from '../world/world.ts';
import { ScriptPeople } from './script-people.ts';

const shortRole = new Map([
  [actingRole, 'acting'],
  [virtualInterface, 'virtual interface'],
]);
const keepLong = { keepMs: 1e9, keepForAbsentMs: 1e9, keepForAbsentBytes: 1e9 };
const mark = 'numbered ';
const aheadMs = 2_000;
const worthTelling = ['a snapshot was sent', 'a snapshot was installed'];

/** A pool in virtual time that a script tells what happens. What it prints has no times in it, so it is the same tomorrow. */
export class ScriptPool implements Disposable {
  readonly #world: World;
  readonly #pool: WholePool;
  readonly #judge: RoleJudge;
  readonly #backups: CoordinatorRestore;
  readonly #people: ScriptPeople;
  readonly #hourMs: number;
  readonly #holders = new Map<string, string>();
  readonly #changes: string[] = [];
  readonly #told = new Map<string, number>();
  #sent = 0;

  /** Servers named in `absent` join later, by `join`. */
  constructor(
    world: World,
    options: {
      readonly servers: number;
      readonly agents: number;
      readonly keepMs: number | null;
      readonly lease: Timings;
      readonly hourMs: number;
      readonly absent: readonly string[];
    },
  ) {
    this.#world = world;
    const { keepMs, lease } = options;
    this.#hourMs = options.hourMs;
    this.#judge = new RoleJudge(({ machine }) => this.#coreIdOn(machine.name), options.servers === 1, lease);
    const shape = {
      servers: options.servers,
      agents: options.agents,
      sendEveryMs: 1e9,
      hasAddress: false,
      burstMax: 1,
      lease,
      losesTails: false,
      journal: keepMs === null ? keepLong : { ...keepLong, keepMs, keepForAbsentMs: 2 * keepMs },
      bufferBytesMax: Array.from({ length: options.agents }, () => 1e9),
      faultsEveryMs: [1e9, 1e9] as const,
    };
    const watcher = { up: () => Promise.resolve() };
    this.#pool = new WholePool(world, shape, { mutant: noMutant, judge: this.#judge, watcher });
    const { coordinator, servers } = this.#pool;
    this.#backups = new CoordinatorRestore(world, coordinator, () => servers);
    this.#judge.coordinatorIsInDoubt = () => this.#backups.isInDoubt;
    this.#people = new ScriptPeople(world, servers, { mark, onOutcome: (line) => this.#changes.push(line) });
    this.#watchRoles();
    for (const name of options.absent) this.#pool.remove(this.#server(name));
    this.#startAll();
  }

  /** The first server a while before the others, so that it is the one that holds the roles. */
  #startAll(): void {
    const [first, ...others] = [...this.#pool.servers, ...this.#pool.agents].map(({ name }) => name);
    this.#pool.startOn(first ?? '');
    this.#world.scheduler.after(aheadMs, 'start', () => {
      for (const name of others) this.#pool.startOn(name);
    });
  }

  /** Carries out one line and answers what it prints. Throws a RangeError for a line that it does not know. */
  async do(command: string): Promise<string[]> {
    const [verb = '', ...words] = command.split(' ');
    const [first = '', second = '', third = ''] = words;
    switch (verb) {
      case 'run':
        await this.#world.run(this.#world.scheduler.nowMs + this.#millisecondsOf(first));
        return [...this.#changes.splice(0).toSorted(), ...this.#news()];
      case 'send':
        return this.#send(this.#agent(first), Number(second));
      case 'crash':
        return this.#each(words, (server) => {
          for (const process of server.machine.processes) process.kill();
        });
      case 'start':
        return this.#each(words, ({ name }) => this.#pool.startOn(name));
      case 'freeze':
        return this.#each([first], ({ machine }) => {
          for (const process of machine.processes) process.pause(this.#millisecondsOf(second));
        });
      case 'part':
        return this.#part(words);
      case 'heal':
        this.#world.network.links.healAll();
        return [];
      case 'move':
        return this.#move(roleNamed(first), third);
      case 'remove':
        return this.#each(words, (server) => this.#pool.remove(server));
      case 'join':
        return this.#each(words, (server) => {
          this.#pool.join(server);
          this.#pool.startOn(server.name);
        });
      case 'restore':
        this.#backups.restore(this.#millisecondsOf(first));
        return [];
      case 'confirm':
        await this.#backups.confirm();
        return [];
      case 'define':
        return this.#each([first], (server) => this.#people.define(server, second, third));
      case 'acknowledge':
      case 'annotate':
        return this.#each([first], (server) =>
          this.#people.operate(server, verb, `${mark}${second}`, words.slice(2).join(' ')),
        );
      case 'show':
        return this.#show(first);
      default:
        throw new RangeError(`no such command: ${command}`);
    }
  }

  #show(what: string): string[] {
    switch (what) {
      case 'roles':
        return this.#roles();
      case 'definitions':
        return this.#people.definitions();
      case 'operations':
        return this.#people.operations();
      default:
        return this.#messages();
    }
  }

  #news(): string[] {
    return worthTelling.filter((what) => {
      const count = this.#world.trace.fired.get(what) ?? 0;
      const isNew = count > (this.#told.get(what) ?? 0);
      this.#told.set(what, count);
      return isNew;
    });
  }

  #server(name: string): SimServer {
    const found = this.#pool.servers.find((server) => server.name === name);
    if (!found) throw new RangeError(`there is no server ${name}`);
    return found;
  }

  #agent(name: string): SimAgent {
    const found = this.#pool.agents.find((agent) => agent.name === name);
    if (!found) throw new RangeError(`there is no agent ${name}`);
    return found;
  }

  #coreIdOn(machine: string): string {
    return this.#pool.servers.find(({ name }) => name === machine)?.config.server.coreId ?? '';
  }

  #nameOf(coreId: string): string {
    return this.#pool.servers.find(({ config }) => config.server.coreId === coreId)?.name ?? 'somebody';
  }

  #each(names: readonly string[], act: (server: SimServer) => void): string[] {
    for (const name of names) act(this.#server(name));
    return [];
  }

  /** The agent takes the messages now; where they go is seen later. */
  #send(agent: SimAgent, count: number): string[] {
    const [process] = agent.machine.processes;
    const { running } = agent;
    if (!process || !running) return [`${agent.name} is not up`];
    const texts = Array.from({ length: count }, () => `${mark}${(this.#sent += 1)}`);
    const run = (): void => {
      for (const text of texts) void running.send({ severity: 'normal', text });
    };
    this.#world.scheduler.after(0, 'send', run, { owner: process });
    return [];
  }

  /** `part s1 a1 / s2 s3 coordinator`: nobody of one side reaches the other. */
  #part(words: readonly string[]): string[] {
    const at = words.indexOf('/');
    const { links } = this.#world.network;
    for (const one of words.slice(0, at))
      for (const other of words.slice(at + 1)) {
        links.cut(one, other);
        links.cut(other, one);
      }
    return [];
  }

  #move(role: string, server: string): string[] {
    const at = this.#pool.servers.find(({ live }) => live?.process.alive)?.live;
    if (!at) return ['no server answers'];
    const run = (): void => void at.view.changeRole(role, { kind: 'move', server }, 'an operator');
    this.#world.scheduler.after(0, 'move', run, { owner: at.process });
    return [];
  }

  /** From what the coordinator commits. Letting go is not told, only who has it next and why. */
  #watchRoles(): void {
    const { coordinator } = this.#pool;
    const before = coordinator.onCommit;
    coordinator.onCommit = (transaction: Transaction) => {
      before(transaction);
      for (const { key, value } of transaction.writes)
        if (key.startsWith(keys.holders) && value !== null) this.#noteHolder(value);
    };
  }

  #noteHolder(value: string): void {
    const { role, holder, because } = holderSchema.parse(JSON.parse(value));
    if (holder === null) return;
    const [from, to] = [this.#holders.get(role), this.#nameOf(holder)];
    if (from === to) return;
    this.#holders.set(role, to);
    this.#changes.push(`${shortRole.get(role) ?? role}: ${from ?? 'nobody'} -> ${to}, ${because}`);
  }

  /** Who acts now, as the servers themselves believe. */
  #roles(): string[] {
    const { nowMs } = this.#world.scheduler;
    return [...shortRole].map(([role, text]) => {
      const holders = this.#judge.holders(role, nowMs).map(({ machine }) => machine.name);
      return `${text}: ${holders.length === 0 ? 'nobody' : holders.join(' and ')}`;
    });
  }

  #messages(): string[] {
    const servers = this.#pool.members.map(({ name, machine, reader }) => {
      const count = [...messagesOnDisk(reader).values()].filter((text) => text.startsWith(mark)).length;
      return `${name}${machine.processes.length === 0 ? ' (down)' : ''} has ${count}`;
    });
    const agents = this.#pool.agents.map(({ name, running }) => {
      const buffered = Object.values(running?.status.buffer.buffered ?? {}).reduce(
        (sum, count) => sum + count,
        0,
      );
      return `${name} keeps ${buffered}`;
    });
    return [`${servers.join(', ')}; ${agents.join(', ')}`];
  }

  #millisecondsOf(text: string): number {
    const [, count, unit] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
    const factor = { ms: 1, s: 1_000, m: 60_000, h: this.#hourMs }[unit ?? ''];
    if (count === undefined || factor === undefined) throw new RangeError(`not a time: ${text}`);
    return Number(count) * factor;
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }
}

function roleNamed(text: string): string {
  const found = [...shortRole].find(([, short]) => short.replace(' ', '-') === text);
  if (!found) throw new RangeError(`there is no role ${text}`);
  return found[0];
}
