import { rightsOf } from '../../src/access/user-roles.ts';
import type { MessageView } from '../../src/model/api.ts';
import type { DefinitionPlace } from '../../src/model/config.ts';
import { textOf } from '../../src/model/errors.ts';
import type { OperationKind } from '../../src/model/operation.ts';
import type { View } from '../../src/server/views/view.ts';
import type { SimServer } from '../scenarios/whole-pool.ts';
import type { World } from '../world/world.ts';

const ann = { name: 'ann', coreId: null, rights: rightsOf(['administrator'], () => null) };

/** What people do at the servers of a script's pool: they edit definitions and work on messages. */
export class ScriptPeople {
  readonly #world: World;
  readonly #servers: readonly SimServer[];
  /** What the texts of the script's own messages begin with. */
  readonly #mark: string;
  /** Told what became of it, and at which server. */
  readonly #onOutcome: (line: string) => void;

  constructor(
    world: World,
    servers: readonly SimServer[],
    { mark, onOutcome }: { readonly mark: string; readonly onOutcome: (line: string) => void },
  ) {
    this.#world = world;
    this.#servers = servers;
    this.#mark = mark;
    this.#onOutcome = onOutcome;
  }

  /** A policy says `said`, and every node is given it, by one transaction. */
  define(server: SimServer, name: string, said: string): void {
    this.#at(server, `policy ${name} says ${said}`, async ({ config }) => {
      const { definitions } = config.page(undefined, ann);
      const change = (place: DefinitionPlace, content: Record<string, unknown>) => {
        const found = definitions.find((one) => one.kind === place.kind && one.name === place.name);
        return { ...place, revision: found?.revision ?? 0, content };
      };
      const policy = change({ kind: 'policy', name }, policySaying(name, said));
      const group = change({ kind: 'node-group', name: `with-${name}` }, { nodes: ['*'], policies: [name] });
      await config.apply([policy, group], ann, { via: 'a script', hold: false });
    });
  }

  operate(server: SimServer, kind: OperationKind, message: string, text: string): void {
    this.#at(server, `${kind} ${message}`, async (view) => {
      const found = messagesOf(view).find((one) => one.text === message);
      if (!found) throw new RangeError(`there is no message ${message}`);
      await view.operate({ kind, messages: [found.id], ...(text !== '' && { text }) }, ann);
    });
  }

  /** What each server reads, and how far it knows each node to be. */
  definitions(): string[] {
    return this.#servers.map(({ name, live }) => {
      if (!live?.process.alive) return `${name} is down`;
      const { policies } = live.view;
      const read = policies.list().map((one) => `${one.name} says ${saidBy(one.source)}`);
      const nodes = policies.deployment(null).map((node) => `${node.name} ${node.state}`);
      return `${name}: ${read.join(', ') || 'no policy'}; ${nodes.join(', ')}`;
    });
  }

  /** What each server shows of the messages that somebody worked on. */
  operations(): string[] {
    return this.#servers.map(({ name, live }) => {
      if (!live?.process.alive) return `${name} is down`;
      const worked = messagesOf(live.view).filter(
        ({ text, state, annotations }) =>
          text.startsWith(this.#mark) && (state !== 'open' || annotations > 0),
      );
      const told = worked.map(({ id, text, state }) => {
        const operations = live.view.message(id)?.operations ?? [];
        const notes = operations.flatMap((one) => (one.kind === 'annotate' ? [one.text ?? ''] : []));
        return [text, state, ...notes.toSorted().map((note) => `"${note}"`)].join(' ');
      });
      return `${name}: ${told.toSorted().join('; ') || 'nothing'}`;
    });
  }

  #at({ name, live }: SimServer, what: string, run: (view: View) => Promise<void>): void {
    if (!live?.process.alive) return this.#onOutcome(`${name} is down: not ${what}`);
    const { view, process } = live;
    const act = async (): Promise<void> => {
      try {
        await run(view);
        this.#onOutcome(`${name}: ${what}`);
      } catch (error) {
        this.#onOutcome(`${name}: not ${what}: ${textOf(error)}`);
      }
    };
    this.#world.scheduler.after(0, 'somebody acts', () => void act(), { owner: process });
  }
}

/** Of flexible management, so that nothing of it runs by itself. */
function policySaying(name: string, said: string): Record<string, unknown> {
  const managers = ['s1', 's2', 's3'].map((server) => `SECONDARYMANAGER NODE IP 0.0.0.0 "${server}"`);
  const text = `RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "${said}" SECONDARYMANAGERS ${managers.join(' ')} ACTIONALLOWMANAGERS MSGTARGETRULES`;
  return { kind: 'flexible-management', name, text };
}

function saidBy({ text }: Readonly<Record<string, unknown>>): string {
  return /DESCRIPTION "(.*?)"/.exec(typeof text === 'string' ? text : '')?.[1] ?? '';
}

function messagesOf(view: View): MessageView[] {
  return view.page({ order: 'oldest', limit: 1_000 }).messages;
}
