import type { Journal } from '../../src/journal/journal.ts';
import type { LinkMessageOf } from '../../src/link/messages.ts';
import type { Entry } from '../../src/model/entry.ts';
import { coreIdOfOrigin } from '../../src/model/origin.ts';
import { textOf } from '../../src/model/errors.ts';
import type { Transport } from '../../src/runtime/network.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { decode, encode } from './codec.ts';

const silenceMs = 5_000;

/**
 * The other end of a sender: stores what comes and tells what is on the disk. `onThirdHand` is called when something
 * new comes from another server than the one that made it.
 */
export function receive(
  runtime: Runtime,
  journal: Journal,
  transport: Transport,
  coreId: string,
  onThirdHand: () => void,
): void {
  let open = true;
  let heardMs = runtime.clock.monotonicMs();
  const welcome = { type: 'welcome', protocol: 1, name: coreId, version: '1', coreId } as const;
  transport.send(encode({ ...welcome, positions: journal.positions() }));
  transport.onClose(() => {
    open = false;
  });
  const tick = (): void => {
    if (!open) return;
    if (runtime.clock.monotonicMs() - heardMs > silenceMs) return transport.terminate();
    runtime.timers.after(1_000, tick);
  };
  tick();
  transport.onMessage((bytes) => {
    heardMs = runtime.clock.monotonicMs();
    const { message, body } = decode(bytes);
    if (message.type === 'ping') return transport.send(encode({ type: 'pong', id: message.id }));
    if (message.type !== 'entries') return;
    const entries = entriesOf(message, body);
    const positions = journal.positions();
    const isThirdHand = ({ origin, seq }: Entry): boolean =>
      coreIdOfOrigin(origin) !== transport.peer.coreId && seq > (positions[origin] ?? 0);
    if (entries.some(isThirdHand)) onThirdHand();
    void store(journal, transport, entries);
  });
}

async function store(journal: Journal, transport: Transport, entries: readonly Entry[]): Promise<void> {
  try {
    await journal.receive(entries);
    const positions = journal.positions();
    const origins = new Set(entries.map(({ origin }) => origin));
    transport.send(
      encode({
        type: 'positions',
        positions: Object.fromEntries([...origins].map((o) => [o, positions[o] ?? 0])),
      }),
    );
  } catch (error) {
    transport.close(textOf(error));
  }
}

function entriesOf(message: LinkMessageOf<'entries'>, body: Uint8Array): Entry[] {
  let offset = 0;
  return message.entries.map(({ bytes, checksum, ...rest }) => {
    const part = body.subarray(offset, (offset += bytes));
    return { ...rest, checksum: Buffer.from(checksum, 'hex'), body: part };
  });
}
