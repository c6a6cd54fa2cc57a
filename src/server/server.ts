import { Roster } from '../coordination/etcd/roster.ts';
import { etcdFiles } from '../coordination/managed/etcd-files.ts';
import { keys, type ServerDefinition } from '../model/definitions.ts';
import type { Origin } from '../model/origin.ts';
import type { HttpHandler, Listener } from '../runtime/network.ts';
import { DamageReports } from './health/damage-reports.ts';
import { Enrolment } from './trust/enrolment.ts';
import { createHttp } from './http/http.ts';
import { securityHeaders } from './http/security-headers.ts';
import { LocalCommands } from './trust/local-commands.ts';
import { makeAutomatic } from './actions/make-actions.ts';
import { makeView } from './views/make-view.ts';
import { ownNotices } from './health/own-notices.ts';
import { ServerDuties } from './server-duties.ts';
import { ServerLinks } from './server-links.ts';
import { messageBytesMax, ServerState, type ServerParts } from './server-state.ts';
import type { View } from './views/view.ts';

/** How long a server waits for another's word on who was revoked, when the coordinator does not answer. */
const askMembersMs = 1_500;

/**
 * One management server, wired; DESIGN.md has the picture. Modes: assembled, running, stopping.
 * assembled -> running when it listens; running -> stopping when its keeper asks or is gone, when a snapshot waits to
 * be installed, or when the disk failed.
 */
export class Server {
  readonly view: View;
  readonly damage: DamageReports;
  readonly #stopped = Promise.withResolvers<string>();
  readonly #state: ServerState;
  readonly #links: ServerLinks;
  readonly #duties: ServerDuties;
  readonly #enrolment: Enrolment;
  #http: { handler: HttpHandler; close(): Promise<void> } | null = null;
  readonly #localCommands: LocalCommands;
  #listener: Listener | null = null;

  constructor(parts: ServerParts) {
    const stop = (because: string): void => this.stop(because);
    const state = new ServerState(parts);
    this.#state = state;
    this.#links = new ServerLinks({ state, toKeeper: (message) => this.#duties.say(message), stop });
    this.#duties = new ServerDuties({
      state,
      questions: this.#links.questions,
      sharing: this.#links.sharing,
      automatic: makeAutomatic(state, this.#links.deployment),
      factsOf: (nodeName) => this.#links.deployment.factsOf(nodeName),
      listen: (host, port, role) => this.#listen(host, port, role),
      stop,
    });
    this.#enrolment = makeEnrolment(state);
    this.#localCommands = new LocalCommands({
      runtime: parts.runtime,
      data: parts.config.data,
      record: (draft) => state.access.record(draft),
    });
    this.view = makeView(state, this.#links, this.#duties, this.#enrolment);
    this.damage = new DamageReports({
      runtime: parts.runtime,
      data: parts.config.data,
      self: state.self,
      ownMessages: state.ownMessages,
      health: state.health,
      ownOrigin: this.origin,
      memberPositions: () => state.members.allPositions(),
      stop,
    });
  }

  get origin(): Origin {
    return this.#state.parts.store.journal.origin;
  }

  get address(): { host: string; port: number } {
    return { host: this.#listener?.host ?? '', port: this.#listener?.port ?? 0 };
  }

  /** Resolves with the reason when the process should end (to be started again, unless its keeper asked). */
  get stopped(): Promise<string> {
    return this.#stopped.promise;
  }

  async start(): Promise<void> {
    const { mirror, self, parts, identities } = this.#state;
    const { runtime, config, parent, store } = parts;
    await mirror.start();
    mirror.onChange((changed) => this.#definitionsChanged(changed));
    this.#state.definitions.recorder.start();
    this.#http = await createHttp(this.view, runtime, parts.consoleFolder);
    identities.onHeard(() => this.#links.revoked());
    await identities.recall();
    // Who does not hear from the coordinator what was revoked meanwhile asks the others before it serves anybody.
    if (!mirror.live) await this.#askMembers();
    this.#listener = await this.#listen(config.listen.host, config.listen.port);
    await identities.start((request) => this.#enrolment.renewOwn(request));
    await this.#localCommands.start();
    this.#links.start();
    this.#duties.start(parent);
    if (store.damaged !== null) this.damage.startedWithout(store.damaged);
    runtime.log.info('server is up', { name: self.name, url: config.url, origin: this.origin });
  }

  /** Bounded: a pool whose coordinator and members are all away must be able to start. */
  async #askMembers(): Promise<void> {
    const { identities, ownMessages, self, parts } = this.#state;
    const others = this.#state.otherServers().length;
    this.#links.start();
    if (others === 0 || (await identities.heardFromAnother(askMembersMs))) return;
    parts.runtime.log.warn(
      'nobody could say who was revoked while this server was away; what it knew is in force',
    );
    ownMessages.report({
      severity: 'warning',
      text: `${self.name} serves without having heard who was revoked while it was away: neither the coordinator nor another server answers`,
      key: `watchkeeper:revocations-unknown:${self.coreId}`,
    });
  }

  stop(because: string): void {
    this.#stopped.resolve(because);
  }

  async close(): Promise<void> {
    const { access, mirror, health, copies, parts, identities, definitions } = this.#state;
    this.stop('closed');
    identities.close();
    this.#localCommands.close();
    definitions.recorder.close();
    this.#duties.close();
    this.#links.close();
    access.close();
    health.close();
    copies.close();
    await this.#http?.close();
    await this.#listener?.close();
    mirror.close();
    parts.store.journal.close();
    parts.store.database.close();
  }

  #definitionsChanged(changed: ReadonlySet<string>): void {
    const { pool, self, identities } = this.#state;
    const touched = (prefix: string): boolean => [...changed].some((key) => key.startsWith(prefix));
    const own = pool.server(self.coreId);
    if (own !== null && (touched('servers/') || touched('sessions/'))) this.#notice(own);
    if (own === null && touched('servers/')) this.stop('this server was removed from the pool');
    this.#links.definitionsChanged(touched);
    this.#duties.definitionsChanged(touched);
    if (touched(keys.trust)) identities.trustChanged();
    if (touched(keys.roles)) identities.rolesChanged();
    if (touched(keys.revocations) || touched(keys.users)) identities.recheck();
  }

  #notice(own: ServerDefinition): void {
    const { pool, ownMessages, parts } = this.#state;
    for (const notice of ownNotices(own, pool.session(own.coreId), parts.config.listen))
      ownMessages.report(notice);
  }

  #listen(host: string, port: number, role: string | null = null): Promise<Listener> {
    const { identities, parts } = this.#state;
    const options: Parameters<typeof identities.listen>[0] = {
      host,
      port,
      pool: parts.config.pool.id,
      messageBytesMax,
      onTransport: (transport) => this.#links.gateway.accept(transport),
      onRequest: (request, response) => this.#http?.handler(request, response),
      answerHeaders: securityHeaders,
    };
    return identities.listen(options, role);
  }
}

function makeEnrolment({ parts, pool, self, authorities, recorded }: ServerState): Enrolment {
  const { runtime, coordination, config } = parts;
  const roster = new Roster(runtime.files, etcdFiles(config.data).roster);
  return new Enrolment({
    runtime,
    coordination,
    recorded,
    coordinationUrl: config.coordinationTold,
    etcdMembers: async () => (await roster.read())?.map((url) => new URL(url).host) ?? null,
    authorities,
    pool,
    ownName: self.name,
  });
}
