import { test } from 'node:test';
import { coordinationContract } from '../../src/coordination/contract.ts';
import type { Coordination } from '../../src/coordination/coordination.ts';
import { openEtcd } from '../../src/coordination/etcd/open-etcd.ts';
import { nodeClock, nodeTimers } from '../../src/runtime/node/clock.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { isInstalled } from '../runner/needs.ts';
import { compact } from './etcd-clients.ts';
import { EtcdCluster } from './etcd-cluster.ts';

const logRevisionsMax = 50;

/** One etcd serves many tests under many prefixes, until one of them has made it forget. */
let cluster: Promise<EtcdCluster> | null = null;
const retired: (Promise<EtcdCluster> | null)[] = [];
let prefixes = 0;

/** What etcd does by itself every few minutes, and here in time for the test: it keeps no more than the last revisions. */
function forgetting(coordination: Coordination, endpoint: string): Coordination {
  let written = 0;
  return {
    get: (key) => coordination.get(key),
    list: (prefix) => coordination.list(prefix),
    watch: (...args) => coordination.watch(...args),
    close: () => coordination.close(),
    async transact(transaction) {
      const result = await coordination.transact(transaction);
      written += 1;
      if (result.done && written === logRevisionsMax * 2) {
        await compact(endpoint, result.revision - logRevisionsMax);
        retired.push(cluster);
        cluster = null;
      }
      return result;
    },
  };
}

if (!isInstalled('etcd')) test('the contract, on etcd', { skip: 'etcd is not installed' });
else {
  coordinationContract('etcd', async () => {
    cluster ??= EtcdCluster.start(1);
    const { endpoints } = await cluster;
    const prefix = `test/${++prefixes}`;
    const opened: Coordination[] = [];
    return {
      timers: nodeTimers,
      logRevisionsMax,
      open() {
        const one = openEtcd({ endpoints, prefix, clock: nodeClock, timers: nodeTimers, log: silentLog });
        opened.push(one);
        return Promise.resolve(forgetting(one, endpoints[0] ?? ''));
      },
      async close() {
        await Promise.all(opened.map((one) => one.close()));
      },
    };
  });
  test('the end of etcd', async () => {
    for (const each of [...retired, cluster]) await (await each)?.[Symbol.asyncDispose]();
  });
}
