import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { WatchError } from '../../model/errors.ts';
import { coreId, openTestStore, testFolder } from '../../messages/testing/test-store.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import type { Network } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import { Peers } from './peers.ts';

test('a server that moves or leaves counts no more at once, however long its connection takes to end', async (context) => {
  const folder = testFolder();
  const store = openTestStore(join(folder.path, 'db'));
  context.after(() => {
    store.close();
    folder.remove();
  });
  const dialled: string[] = [];
  const gone: string[] = [];
  const network: Pick<Network, 'connect'> = {
    connect: ({ url, signal }) => {
      dialled.push(url);
      return new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(new WatchError('WK_UNREACHABLE'))),
      );
    },
  };
  const peers = new Peers({
    runtime: { ...manualTime(0), network, random: nodeRandom, log: silentLog } as unknown as Runtime,
    journal: store.journal,
    self: { coreId: coreId(1), name: 'm1', version: '0' },
    pool: coreId(7),
    messageBytesMax: 1_048_576,
    credentials: () => ({ keyPem: '', certificatePem: '', authorityPems: [] }),
    depot: { serve: () => assert.fail('nobody asks'), introduction: () => [] },
    told: () => undefined,
    answered: () => undefined,
    revoked: () => undefined,
    gone: ({ url }) => gone.push(url),
    snapshotPlease: () => undefined,
  });
  const m2 = { coreId: coreId(2), name: 'm2', url: 'https://old:1', joinedMs: 0 };
  peers.list([m2]);
  assert.deepEqual(gone, []);
  peers.list([{ ...m2, url: 'https://new:1' }]);
  assert.deepEqual([dialled, gone], [['https://old:1', 'https://new:1'], ['https://old:1']]);
  await new Promise(setImmediate);
  assert.deepEqual(gone, ['https://old:1'], 'and the end of the old one says nothing of the new one');
  peers.close();
});
