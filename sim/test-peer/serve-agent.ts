import type { Journal } from '../../src/journal/journal.ts';
import { codeOf, textOf } from '../../src/model/errors.ts';
import type { Transport } from '../../src/runtime/network.ts';
import type { Copies } from '../../src/server/health/copies.ts';
import type { Mutant } from '../mutants/mutant.ts';
import { decode, encode } from './codec.ts';

export interface AgentDoor {
  readonly journal: Journal;
  readonly copies: Copies;
  readonly acknowledges: Mutant['acknowledges'];
}

/** Stores an agent's batches and says so once enough disks have them. */
export function serveAgent(door: AgentDoor, transport: Transport): void {
  const waiting: { cancel(): void }[] = [];
  transport.onClose(() => {
    for (const waiter of waiting) waiter.cancel();
  });
  transport.onMessage((bytes) => {
    const { message, body } = decode(bytes);
    if (message.type === 'batch') void store(door, transport, message.batch, body, waiting);
  });
}

async function store(
  { journal, copies, acknowledges }: AgentDoor,
  transport: Transport,
  batch: number,
  body: Uint8Array,
  waiting: { cancel(): void }[],
): Promise<void> {
  const say = (count: number): void =>
    transport.send(encode({ type: 'stored', batch, copies: count, wanted: copies.wanted }));
  if (acknowledges === 'before the commit') say(1);
  try {
    const { seq } = await journal.append({ kind: 'messages', body });
    if (acknowledges === 'before the second copy') say(copies.wanted);
    waiting.push(copies.wait({ seq, copies: say }));
  } catch (error) {
    transport.send(encode({ type: 'again', batch, code: codeOf(error), text: textOf(error), afterMs: 100 }));
  }
}
