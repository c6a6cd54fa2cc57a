import { textOf } from '../../model/errors.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { every } from '../../runtime/timing.ts';
import type { Cli } from '../cli.ts';

const notifyTimeoutMs = 5_000;

/**
 * Tells systemd, where that runs us (`Type=notify`, `WatchdogSec=`), that we are up, that we go on, and that we stop. The
 * words are those of sd_notify(3); the program `systemd-notify` carries them, since Node has no datagrams on local
 * sockets, and the unit needs `NotifyAccess=all` for it.
 */
export class ServiceManager implements Disposable {
  readonly #runtime: Runtime;
  readonly #socket: string | null;
  readonly #aliveEveryMs: number | null;
  #alive: Timer | null = null;

  constructor({ environment }: Pick<Cli, 'environment'>, runtime: Runtime) {
    this.#runtime = runtime;
    this.#socket = environment.NOTIFY_SOCKET ?? null;
    // Three times within the time that systemd waits.
    const watchdogUs = Number(environment.WATCHDOG_USEC ?? '');
    this.#aliveEveryMs = watchdogUs > 0 ? watchdogUs / 1_000 / 3 : null;
  }

  /** Up: whoever is ordered after this service may start. */
  ready(): void {
    if (this.#socket === null) return;
    void this.#say('READY=1');
    if (this.#aliveEveryMs !== null)
      this.#alive = every(this.#runtime.timers, this.#aliveEveryMs, () => void this.#say('WATCHDOG=1'));
  }

  [Symbol.dispose](): void {
    if (this.#socket === null) return;
    this.#alive?.cancel();
    void this.#say('STOPPING=1');
  }

  async #say(state: string): Promise<void> {
    const { commands, log } = this.#runtime;
    try {
      const { exitCode, stderr } = await commands.run({
        file: 'systemd-notify',
        args: [state],
        timeoutMs: notifyTimeoutMs,
        outputBytesMax: 4_096,
        environment: { NOTIFY_SOCKET: this.#socket ?? '' },
      });
      if (exitCode !== 0) log.warn('systemd was not told', { state, exitCode, stderr });
    } catch (error) {
      log.warn('systemd was not told', { state, error: textOf(error) });
    }
  }
}
