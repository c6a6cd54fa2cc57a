import type { Coordination, Transaction } from '../../coordination/coordination.ts';
import { isSameContent } from '../../definitions/canonical.ts';
import { codecOf, kindOfKey } from '../../definitions/config-kinds.ts';
import type { ConfigNow, Found } from '../../definitions/config-now.ts';
import type { ChangedDefinition } from '../../model/definition-change.ts';
import type { ChangeRecorder } from './change-recorder.ts';

interface Ports {
  readonly coordination: Coordination;
  readonly now: ConfigNow;
  readonly recorder: Pick<ChangeRecorder, 'draft' | 'written'>;
  readonly reached: (revision: number) => Promise<void>;
}

/**
 * The coordinator for one thing that a person does beside the files: what it changes of definitions is recorded in the same
 * transaction. What files do not say (a password) is no change.
 */
export function recorded(ports: Ports, by: string, via: string): Coordination {
  const { coordination, recorder, reached } = ports;
  return {
    get: (key) => coordination.get(key),
    list: (prefix) => coordination.list(prefix),
    watch: (prefix, fromRevision, onChange) => coordination.watch(prefix, fromRevision, onChange),
    close: () => coordination.close(),
    transact: async (transaction) => {
      const items = transaction.writes.flatMap((write) => changesOf(ports.now, write));
      if (items.length === 0) return coordination.transact(transaction);
      const change = recorder.draft({ by, via, items });
      const result = await coordination.transact({
        ...transaction,
        writes: [...transaction.writes, change],
      });
      if (result.done) {
        await reached(result.revision);
        await recorder.written(change.key);
      }
      return result;
    },
  };
}

function changesOf(now: ConfigNow, { key, value }: Transaction['writes'][number]): ChangedDefinition[] {
  const kind = kindOfKey(key);
  if (kind === null) return [];
  const codec = codecOf(kind);
  const before = foundAt(now, key);
  const removed = (name: string) => ({ kind, name, content: null });
  if (value === null) return before === null ? [] : [removed(before.name)];
  const stored = codec.stored.safeParse(JSON.parse(value));
  if (!stored.success) return [];
  const name = codec.nameOf(key, stored.data);
  const content = { ...codec.toContent(stored.data, now.names) };
  const isRenamed = before !== null && before.name !== name;
  if (before !== null && !isRenamed && isSameContent(before.content, content)) return [];
  return [...(isRenamed ? [removed(before.name)] : []), { kind, name, content }];
}

function foundAt(now: ConfigNow, key: string): Found | null {
  const kind = kindOfKey(key);
  return kind === null ? null : (now.all(kind).find((found) => found.key === key) ?? null);
}
