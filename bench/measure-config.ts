/**
 * `node bench/measure-config.ts [--count N]`: how long it takes to export, apply and change definitions as files, with a pool of three real
 * servers on this machine and the command line as people run it.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EtcdCluster } from '../test/etcd/etcd-cluster.ts';
import { partialExit } from '../src/cli/exit-codes.ts';
import { RealPool, until } from '../test/pool/real-pool.ts';
import { runWatchkeeper } from '../test/pool/watchkeeper.ts';

const { values } = parseArgs({ options: { count: { type: 'string', default: '10000' } } });
const count = Number(values.count);

await using etcd = await EtcdCluster.start(3);
await using pool = await RealPool.start({ servers: 3, coordination: etcd.url('watchkeeper/bench') });
const folder = path.join(pool.folder, 'definitions');
const pages = path.join(pool.folder, 'exported');
await writeNodes('oslo');
await measured(`config apply of ${count} new nodes`, 'apply', folder);
await measured(`config apply with nothing to do`, 'apply', folder);
await measured(`config export of ${count} nodes`, 'export', pages);
await writeNodes('bergen');
await measured(`config apply --dry-run of ${count} changed nodes`, 'apply', folder, '--dry-run');
await measured(`config diff of ${count} changed nodes`, 'diff', folder);
await measured(`config apply of ${count} changed nodes`, 'apply', folder);
const startedMs = performance.now();
await until('every server has the whole history', everyHistory, 60_000, 50);
console.log(`history of all on every server: ${Math.round(performance.now() - startedMs)} ms later`);
await rm(path.join(folder, 'nodes'), { recursive: true });
await measured(`config apply --prune of ${count} nodes that are gone`, 'apply', folder, '--prune');

async function writeNodes(site: string): Promise<void> {
  await mkdir(path.join(folder, 'nodes'), { recursive: true });
  await writeFile(path.join(folder, 'watchkeeper.yaml'), 'version: 1\nkinds: [node]\n');
  for (let number = 1; number <= count; number++)
    await writeFile(
      path.join(folder, 'nodes', `node-${number}.yaml`),
      `description: machine ${number}\nlabels:\n  site: ${site}\n  tier: web\n`,
    );
}

async function measured(what: string, ...words: string[]): Promise<void> {
  const startedMs = performance.now();
  const to = ['--server', pool.servers[0]?.url ?? '', '--identity', pool.identity];
  const { exitCode, stdout, stderr } = await runWatchkeeper(['config', ...words, ...to], {
    timeoutMs: 300_000,
  });
  // What differs is what `diff` is asked for.
  if (exitCode !== (words[0] === 'diff' ? partialExit : 0))
    throw new Error(`${what}: ${stderr}${stdout.slice(-1_000)}`);
  console.log(`${what}: ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
}

async function everyHistory(): Promise<boolean> {
  const asked = pool.servers.map(async ({ api }) => {
    const answer = await api.get('/api/v1/config/history?kind=node&limit=1', 5_000);
    return JSON.stringify(answer);
  });
  const told = await Promise.all(asked);
  return told.every((text) => text === told[0] && text.includes('bergen'));
}
