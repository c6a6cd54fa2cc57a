import { isSameContent, type Content } from '../../definitions/canonical.ts';
import { codecOf, kindOfKey } from '../../definitions/config-kinds.ts';
import type { ConfigNow } from '../../definitions/config-now.ts';
import type { DefinitionHistory } from '../../messages/definition-history.ts';
import { definitionKinds, placeText, seenVia, type DefinitionPlace } from '../../model/config.ts';
import type { JournaledChange } from '../../model/definition-change.ts';
import { actingRole } from '../../model/definitions.ts';
import { textOf } from '../../model/errors.ts';
import type { Clock, Timers } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Grants } from '../roles/grants.ts';
import type { PoolView } from '../views/pool-view.ts';

/** So long the entries of others may take to come here before a change counts as one that nobody wrote down. */
const unknownMs = 15_000;
const comparedAtOnce = 200;
const changesAtOnce = 64;

interface Ports {
  readonly history: DefinitionHistory;
  readonly now: ConfigNow;
  readonly pool: Pick<PoolView, 'pool' | 'generation' | 'generationOf'>;
  readonly grants: Pick<Grants, 'current'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly append: (changes: JournaledChange[]) => Promise<unknown>;
}

/**
 * What the acting server does so that the history is whole: it compares what is defined with what the history says, for
 * what was written by a command beside the API, by hand, or put back with the coordinator. Modes: idle (not acting),
 * doubting (some definitions are to be compared).
 */
export class HistoryCompletion {
  readonly #ports: Ports;
  readonly #unsure = new Map<string, { readonly place: DefinitionPlace; readonly sinceMs: number }>();
  #isIdle = true;
  #isComparing = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** This server is not the acting one. */
  forget(): void {
    this.#isIdle = true;
    this.#unsure.clear();
  }

  changed(changed: ReadonlySet<string>): void {
    if (this.#isIdle) return;
    for (const key of changed) {
      const kind = kindOfKey(key);
      if (kind === null) continue;
      const name = codecOf(kind).nameInKey(key);
      // A key without the name in it says no more when it is gone.
      if (name === null) this.#doubtKind(kind);
      else this.#doubt({ kind, name });
    }
  }

  /** Called again and again while this server is the acting one. */
  async complete(): Promise<void> {
    if (this.#isComparing) return;
    if (this.#isIdle) for (const kind of definitionKinds) this.#doubtKind(kind);
    this.#isIdle = false;
    this.#isComparing = true;
    try {
      await this.#compare();
    } catch (error) {
      this.#ports.log.warn('the history of definitions could not be completed; tried again', {
        error: textOf(error),
      });
    } finally {
      this.#isComparing = false;
    }
  }

  async #compare(): Promise<void> {
    const { clock, timers, grants, append } = this.#ports;
    const nowMs = clock.monotonicMs();
    const old = [...this.#unsure].filter(([, { sinceMs }]) => nowMs - sinceMs >= unknownMs);
    for (let at = 0; at < old.length && grants.current(actingRole) !== null; at += comparedAtOnce) {
      const some = old.slice(at, at + comparedAtOnce);
      const unknown = some.flatMap(([, { place }]) => this.#unknown(place));
      for (let from = 0; from < unknown.length; from += changesAtOnce)
        await append(unknown.slice(from, from + changesAtOnce));
      for (const [key, doubt] of some) if (this.#unsure.get(key) === doubt) this.#unsure.delete(key);
      await new Promise<void>((resolve) => timers.soon(resolve));
    }
  }

  #doubt(place: DefinitionPlace): void {
    this.#unsure.set(placeText(place), { place, sinceMs: this.#ports.clock.monotonicMs() });
  }

  #doubtKind(kind: DefinitionPlace['kind']): void {
    const { now, history } = this.#ports;
    for (const { name } of now.all(kind)) this.#doubt({ kind, name });
    for (const row of history.present(kind)) this.#doubt({ kind, name: row.name });
  }

  /** What is defined and not in the history. */
  #unknown(place: DefinitionPlace): JournaledChange[] {
    const { now, history, pool, clock } = this.#ports;
    const last = history.last(place);
    const known = last === null || last.content === null ? null : (JSON.parse(last.content) as Content);
    const found = now.find(place);
    if (isSameContent(found?.content ?? null, known)) return [];
    const own = found === null ? 0 : pool.generationOf(found.revision);
    const revision = last === null || own > last.revision ? own : (pool.generation() ?? 0);
    const content = found === null ? null : { ...found.content };
    const change = { atMs: clock.wallMs(), by: writerOf(found?.stored), via: seenVia };
    const lineage = pool.pool()?.lineage ?? '';
    return [{ ...change, items: [{ ...place, content }], lineage, revision }];
  }
}

function writerOf(stored: unknown): string {
  const isSigned = typeof stored === 'object' && stored !== null && 'by' in stored;
  return isSigned && typeof stored.by === 'string' ? stored.by : '';
}
