import { z } from 'zod';
import { textOf } from '../../model/errors.ts';
import { revocationSchema, type Revocation } from '../../model/trust.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';

const heardMax = 1_000;
const bytesMax = 4 * 1_048_576;

/**
 * Who was revoked, as other servers say it: on the disk too, since the coordinator may be away for longer than this server
 * runs. Nothing here is ever taken back, as a revocation is not.
 */
export class HeardRevocations {
  readonly #runtime: Pick<Runtime, 'files' | 'timers' | 'clock' | 'log'>;
  readonly #path: string;
  readonly #heard = new Map<Uuid, Revocation>();
  readonly #first = Promise.withResolvers<boolean>();

  constructor(runtime: Pick<Runtime, 'files' | 'timers' | 'clock' | 'log'>, path: string) {
    this.#runtime = runtime;
    this.#path = path;
  }

  get(coreId: Uuid): Revocation | null {
    return this.#heard.get(coreId) ?? null;
  }

  all(): readonly Revocation[] {
    return [...this.#heard.values()];
  }

  /** Reads what was heard in an earlier run. */
  async recall(): Promise<void> {
    const { files, log, clock } = this.#runtime;
    if ((await files.status(this.#path)) === null) return;
    try {
      const text = await files.readText(this.#path, bytesMax);
      for (const revocation of z.array(revocationSchema).parse(JSON.parse(text)))
        if (revocation.forgetMs > clock.wallMs()) this.#heard.set(revocation.coreId, revocation);
    } catch (error) {
      log.error('what other servers said of revocations cannot be read and is asked for anew', {
        path: this.#path,
        error: textOf(error),
      });
    }
  }

  /** What another server knows; returns whether any of it is news. */
  add(revocations: readonly Revocation[], isKnown: (coreId: Uuid) => boolean): boolean {
    const news = revocations.filter(({ coreId }) => !this.#heard.has(coreId) && !isKnown(coreId));
    for (const revocation of news) this.#heard.set(revocation.coreId, revocation);
    while (this.#heard.size > heardMax) this.#heard.delete(this.#heard.keys().next().value ?? '');
    this.#first.resolve(true);
    if (news.length > 0) void this.#store();
    return news.length > 0;
  }

  /** True as soon as any other server has said what it knows. */
  firstWithin(ms: number): Promise<boolean> {
    return Promise.race([this.#first.promise, sleep(this.#runtime.timers, ms).then(() => false)]);
  }

  async #store(): Promise<void> {
    try {
      await this.#runtime.files.writeAtomic(this.#path, JSON.stringify(this.all()), 0o600);
    } catch (error) {
      this.#runtime.log.error('what another server said of revocations is in memory only', {
        error: textOf(error),
      });
    }
  }
}
