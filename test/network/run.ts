/**
 * The carrier `address` with real addresses: a pool on network namespaces, real etcd, and every fault that is promised to
 * be survived. Needs root and namespaces; says so and passes where there are none.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isInstalled } from '../runner/needs.ts';
import { cases, type Case } from './cases.ts';
import { whyNoDisks } from './disk.ts';
import { besideKeepalived } from './keepalived.ts';
import { Lab, whyNoNamespaces, type Host } from './lab.ts';
import { runCase, type CaseResult } from './measure.ts';
import { MessageLoad } from './message-load.ts';
import { agentHost, addresses, NetworkPool, port } from './network-pool.ts';
import { printTable, verdict } from './print-results.ts';
import { specialCases, variantRuns } from './special-cases.ts';
import { OpenConnection } from './renewals.ts';
import { Watch } from './watch.ts';

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string', multiple: true },
    /** How this program calls itself inside the lab: the hosts, as JSON, and the lab's prefix. */
    inside: { type: 'string' },
    prefix: { type: 'string', default: `wknet${process.pid}` },
  },
});
if (values.help) {
  console.log('npm run test:network [-- --short] [-- --runs N] [-- --only CASE] [-- --json]\n');
  for (const { name } of [...cases, ...specialCases]) console.log(`  ${name}`);
  for (const { name } of variantRuns) console.log(`  ${name}: …`);
  process.exit(0);
}
const servers = ['server-1', 'server-2', 'server-3'];
const etcds = ['etcd-1', 'etcd-2', 'etcd-3'];
const watchers = servers.map((name) => `watch-${name}`);
const beside = ['peer-1', 'peer-2'] as const;
const besideWatchers = ['watch-peer-1', 'watch-peer-2'] as const;
/** Hosts that have nothing else to do meanwhile. */
const solicitors = [...beside, besideWatchers[0]];
const renewalsWanted = 1_000;
const usualCases = [...cases, ...specialCases.filter(({ needsDisks }) => !needsDisks)];

function runsOf({ shortRuns }: Pick<Case, 'shortRuns'>): number {
  return Number(values.runs ?? (values.short ? (shortRuns ?? 1) : 10));
}

process.exitCode = values.inside === undefined ? await outside() : await inside(values.inside);

/** Makes the lab, runs the rest on one of its hosts, and removes it. */
async function outside(): Promise<number> {
  const missing = ['ip', 'nft', 'etcd', 'arping', 'stdbuf'].filter((name) => !isInstalled(name));
  const why = missing.length > 0 ? `not installed: ${missing.join(', ')}` : await whyNoNamespaces();
  if (why !== null) {
    console.log(`skipped: ${why}`);
    return 0;
  }
  const names = [
    'control',
    'client',
    agentHost,
    ...watchers,
    ...servers,
    ...etcds,
    ...beside,
    ...besideWatchers,
  ];
  await using lab = await Lab.make(values.prefix, names);
  const [file, ...args] = [...lab.through('control'), process.execPath, import.meta.filename];
  const inner = [
    ...args,
    ...process.argv.slice(2),
    '--prefix',
    values.prefix,
    '--inside',
    JSON.stringify(lab.hosts),
  ];
  const child = spawn(file, inner, { stdio: 'inherit' });
  const stop = (): void => void child.kill('SIGTERM');
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop);
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return exitCode ?? 1;
}

async function inside(hosts: string): Promise<number> {
  const lab = Lab.from(values.prefix, JSON.parse(hosts) as Host[]);
  say('starting etcd, three servers and an agent');
  const results: CaseResult[] = [];
  if (values.only === undefined || isUsualWanted()) {
    await using pool = await NetworkPool.start(lab, { servers, etcds });
    results.push(...(await inPool(pool)));
    if (isWanted('keepalived') && isInstalled('keepalived') && (!values.short || values.only !== undefined)) {
      const options = {
        hosts: beside,
        watchers: besideWatchers,
        folder: pool.folder,
        runs: runsOf({}),
        short: values.short,
      };
      for (const result of await besideKeepalived(lab, options)) tell(results, result);
    }
  }
  if (!values.short || values.only !== undefined) results.push(...(await inVariants(lab)));
  if (values.json) console.log(JSON.stringify(results, null, 2));
  else printTable(results);
  return results.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

async function inPool(pool: NetworkPool): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const load = new MessageLoad(pool);
  try {
    const isAsked = !values.short || values.only !== undefined;
    const chosen = usualCases.filter(({ name, essential }) => isWanted(name) && (isAsked || essential));
    await under(pool, 'main', chosen, results);
    const six = cases.filter(({ name }) => /planned|machine frozen/.test(name));
    const chosenSix = (values.short ? six.slice(0, 1) : six)
      .filter(({ name }) => isWanted(`IPv6: ${name}`))
      .map((each) => ({ ...each, shortRuns: 1 }));
    await under(pool, 'six', chosenSix, results, ['IPv6']);
    if (isWanted('renewals')) tell(results, await renewals(pool));
    if (isWanted('messages')) tell(results, await messages(load));
  } finally {
    load.kill();
  }
  return results;
}

/** Each in a pool of its own, for a few cases. */
async function inVariants(lab: Lab): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { name, variant, cases: some } of variantRuns) {
    const chosen = some.filter((each) => isWanted(`${name}: ${each.name}`));
    if (chosen.length === 0) continue;
    const why = variant.disks ? await whyNoDisks() : null;
    if (why !== null) {
      say(`${name}: skipped, ${why}`);
      continue;
    }
    say(`${name}: starting a pool`);
    await using pool = await NetworkPool.start(lab, { servers, etcds }, variant);
    const load = new MessageLoad(pool);
    try {
      await under(pool, 'main', chosen, results, [name]);
      const { name: told, ...rest } = await messages(load);
      tell(results, { ...rest, name: `${name}: ${told}` });
    } finally {
      load.kill();
    }
  }
  return results;
}

/** The cases, one after the other, seen at one of the pool's addresses. */
async function under(
  pool: NetworkPool,
  name: 'main' | 'six',
  chosen: readonly Case[],
  results: CaseResult[],
  prefix: readonly string[] = [],
): Promise<void> {
  if (chosen.length === 0) return;
  await using watch = await Watch.start({
    lab: pool.lab,
    address: addresses[name],
    port,
    client: 'client',
    observer: 'control',
    pairs: servers.map((server, index) => ({
      host: pool.lab.host(server),
      from: watchers[index] ?? '',
      solicitFrom: solicitors[index] ?? '',
    })),
    identity: pool.identityPath,
  });
  const role = `virtual-interface/${name}`;
  for (const each of chosen) {
    const result = await runCase(each, { pool, watch, role, short: values.short, runs: runsOf(each) });
    tell(results, { ...result, name: [...prefix, result.name].join(': ') });
  }
}

/** Nothing happens but renewals, of which there are two a second. */
async function renewals(pool: NetworkPool): Promise<CaseResult> {
  await pool.settled();
  const count = values.short ? renewalsWanted / 20 : renewalsWanted;
  const connection = new OpenConnection({ host: addresses.second, port, identityPath: pool.identityPath });
  await sleep(count * 500);
  await connection.stop();
  const faults = connection.broken > 0 ? [`the connection broke ${connection.broken} times`] : [];
  if (connection.answers < count) faults.push(`only ${connection.answers} answers`);
  return {
    name: `${count} renewals under an open connection`,
    runs: [],
    medianMs: 0,
    maxMs: 0,
    limitMs: null,
    faults,
  };
}

async function messages(load: MessageLoad): Promise<CaseResult> {
  const { accepted, lost } = await load.end();
  const faults = lost.length > 0 ? [`${lost.length} lost, the first is ${lost[0]}`] : [];
  if (accepted === 0) faults.push('the agent accepted none');
  return {
    name: `${accepted} messages accepted meanwhile`,
    runs: [],
    medianMs: 0,
    maxMs: 0,
    limitMs: null,
    faults,
  };
}

/** Whether the pool as usual is needed at all. */
function isUsualWanted(): boolean {
  const others = [
    'IPv6: role move (planned)',
    'IPv6: whole machine frozen 30 s',
    'renewals',
    'messages',
    'keepalived',
  ];
  return [...usualCases.map(({ name }) => name), ...others].some(isWanted);
}

function isWanted(name: string): boolean {
  return values.only === undefined || values.only.some((each) => name.startsWith(each));
}

function tell(results: CaseResult[], result: CaseResult): void {
  results.push(result);
  const { name, medianMs, maxMs, runs: done } = result;
  const doubles = done.filter(({ doubles }) => doubles.length > 0).length;
  const silence =
    done.length === 0
      ? ''
      : `silent ${Math.round(medianMs)} ms, most ${Math.round(maxMs)} ms, two hosts ${doubles} times; `;
  say(`${name}: ${silence}${verdict(result)}`);
}

function say(text: string): void {
  console.error(`network: ${text}`);
}
