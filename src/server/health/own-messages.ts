import { encodeBody } from '../../journal/body.ts';
import type { Journal } from '../../journal/journal.ts';
import { textOf } from '../../model/errors.ts';
import type { MessageDraft } from '../../model/message.ts';
import { uuidV7, type Uuid } from '../../model/uuid.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';

/** The same thing is reported again after this long, not each time it is noticed. */
const repeatAfterMs = 600_000;
const keysMax = 1_000;

/** What a server has to say of itself: messages of the pool like any other, with the server as their node. */
export class OwnMessages {
  readonly #ports: {
    journal: Journal;
    clock: Clock;
    random: Random;
    log: Log;
    self: { coreId: Uuid; name: string };
  };
  readonly #said = new Map<string, number>();

  constructor(ports: {
    journal: Journal;
    clock: Clock;
    random: Random;
    log: Log;
    self: { coreId: Uuid; name: string };
  }) {
    this.#ports = ports;
  }

  report(draft: MessageDraft & { readonly key: string }): void {
    const { journal, clock, random, log, self } = this.#ports;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#said.get(draft.key) ?? -repeatAfterMs) < repeatAfterMs) return;
    if (this.#said.size >= keysMax) this.#said.clear();
    this.#said.set(draft.key, nowMs);
    const message = {
      application: 'watchkeeper',
      object: 'server',
      group: 'watchkeeper',
      source: 'server',
      ...draft,
      id: uuidV7(clock.wallMs(), random.bytes(10)),
      createdMs: clock.wallMs(),
    };
    const body = { node: self.coreId, nodeName: self.name, messages: [message] };
    journal.append({ kind: 'messages', body: encodeBody('messages', body) }, body).catch((error: unknown) => {
      log.error('this server could not report about itself', { text: draft.text, error: textOf(error) });
    });
  }
}
