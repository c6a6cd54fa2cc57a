import type { Command } from '@commander-js/extra-typings';
import { openEtcdAt } from '../../coordination/open.ts';
import type { Coordination, Item } from '../../coordination/coordination.ts';
import { keys, witnessDefinitionSchema, type WitnessDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { durationOption } from '../options/duration-option.ts';
import { assertReplaced, etcdPlaceAt, isMember, revokeRemoved } from '../machine/etcd-removal.ts';
import { note, printJson } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

type Options = { readonly config: string; readonly timeout: number; readonly json?: true };

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper witness remove w1 --config m1.yaml

Run it on a server of the pool. The acting server takes the witness's member out of etcd, and another server takes its place
where there is one; with two servers left, one votes.
`,
    )
    .argument('<NAME>', 'the witness')
    .addOption(configOption())
    .option('--timeout <DURATION>', 'wait for etcd to go on without it for so long', durationOption, 30_000)
    .option('--json', 'print one JSON document')
    .action((name, options) => run(cli, name, options));
}

async function run(cli: Cli, name: string, { config: path, timeout, json }: Options): Promise<void> {
  const removed = await withCoordinator(cli, path, async ({ runtime, config, coordination, by }) => {
    const { item, witness } = await find(coordination, name);
    const etcd = config.etcd === null ? null : await openEtcdAt(config.coordination, runtime);
    await using _ = { [Symbol.asyncDispose]: async () => await etcd?.close() };
    const place = await etcdPlaceAt(coordination, witness.coreId);
    if (etcd !== null && place !== null) await assertReplaced(etcd, name, place);
    const result = await coordination.transact({
      conditions: [{ key: item.key, revision: item.revision }],
      writes: [item.key, keys.etcdMember(witness.coreId), keys.etcdSign(witness.coreId)].map((key) => ({
        key,
        value: null,
      })),
    });
    if (!result.done) throw new WatchError('WK_CONFLICT', 'the pool was changed in the meantime; try again');
    const isIn = etcd !== null && place !== null && (await isMember(runtime, etcd, place, timeout));
    const { coreId } = witness;
    await revokeRemoved({ runtime, coordination, by }, { kind: 'witness', coreId, name }, place !== null);
    return { witness, isIn };
  });
  const etcd = removed.isIn ? 'still a member' : 'no member';
  if (json) return printJson(cli, { removed: removed.witness, etcd });
  const rest = removed.isIn
    ? 'etcd still has its member, which the acting server takes out as soon as it can'
    : 'its data may be deleted';
  note(cli, `${name} is removed; ${rest}`);
}

/** WK_NOT_FOUND */
async function find(
  coordination: Coordination,
  name: string,
): Promise<{ item: Item; witness: WitnessDefinition }> {
  const { items } = await coordination.list(keys.witnesses);
  const all = items.map((item) => ({ item, witness: witnessDefinitionSchema.parse(JSON.parse(item.value)) }));
  const found = all.find(({ witness }) => witness.name === name);
  if (found !== undefined) return found;
  const names = all.map(({ witness }) => witness.name).join(', ');
  throw new WatchError(
    'WK_NOT_FOUND',
    `there is no witness ${name}; there ${names === '' ? 'is none' : `are: ${names}`}`,
  );
}
