/**
 * `npm run bench:console [-- --messages N] [--pause]`: how quick the console's messages page is over 1,000,000 messages on a
 * real server, in headless Chromium. Ends with 1 where a promise is not kept. With `--pause` it waits for a line of input
 * once the messages are stored, so that the machine can be made quiet for the measuring alone.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { AgentClient } from '../../src/agent/local/agent-client.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeNetwork } from '../../src/runtime/node/network.ts';
import { consoleManifestSchema } from '../../src/server/http/console-files.ts';
import { launch } from '../../test/browser/chromium.ts';
import { makeToken } from '../../test/browser/console-page.ts';
import { poolStatus } from '../../test/pool/answers.ts';
import { RealPool, until, type RealAgent } from '../../test/pool/real-pool.ts';
import { root } from '../../test/runner/run-program.ts';
import { absentText, rareText } from '../bench-message.ts';
import { figureTable, summarize, type Figure } from '../figure.ts';
import { ThroughputBench } from '../measure-throughput.ts';
import { median, percentile } from '../statistics.ts';
import {
  addProbe,
  blocksWhile,
  changeMs,
  firstRowsMs,
  scroll,
  typedMs,
  type Frames,
  type Wanted,
} from './page-probe.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    pause: { type: 'boolean', default: false },
  },
});
const total = Number(values.messages);
const perFill = 200_000;
const loads = 5;
const rounds = 4;
/** The browser tells of no shorter ones. */
const shortestBlockMs = 50;
/** A new window has the browser start three processes, which takes two cores a second; the page comes into one that is there. */
const windowMs = 2_000;
const scrollMs = 4_000;
/** More than seven rows in each frame: 450 a second, two or three pages of the server's. */
const stepPx = 240;
const arrivals = { perSecond: 1_000, seconds: 10 };
const lower = (value: number) => ({ value, better: 'lower' }) as const;
const higher = (value: number) => ({ value, better: 'higher' }) as const;

/** Each shows something that the one before does not. */
const filters: readonly Wanted[] = [
  { address: '/messages?severity=critical', cell: ['.chip-word', 'critical'] },
  { address: '/messages?severity=normal&group=db', cell: ['.cell-about', 'db'] },
  { address: `/messages?text=${absentText}`, cell: null },
  { address: `/messages?text=${rareText}`, cell: ['.cell-text', rareText] },
  { address: '/messages?state=all&severity=minor', cell: ['.chip-word', 'minor'] },
  { address: '/messages?text=data17&severity=critical', cell: ['.cell-text', 'data17'] },
  { address: '/messages?group=nobody', cell: null },
  { address: '/messages?node=load-1&severity=warning', cell: ['.chip-word', 'warning'] },
  { address: '/messages?state=acknowledged', cell: null },
  { address: '/messages?group=storage', cell: ['.cell-about', 'storage'] },
  { address: '/messages?text=condition%20123456&state=all', cell: ['.cell-text', 'condition 123456'] },
  { address: '/messages?since=7d&severity=unknown', cell: ['.chip-word', 'unknown'] },
];

await using pool = await RealPool.start({ servers: 1, agents: 1 });
const [server] = pool.servers;
const [agent] = pool.agents;
if (server === undefined || agent === undefined) throw new Error('the pool has no server or no agent');
await fill(pool, server.url);
const token = await makeToken(pool);
if (values.pause) await aLine();
const loadBefore = loadavg()[0] ?? 0;
const browser = await launch();
const figures: Figure[] = [];
try {
  const loading = await firstLoads(browser);
  const page = await openPage(browser);
  const changes = await filterChanges(page);
  const typing = await typedSearches(page);
  const empty = await emptyPage(browser);
  const scrolling = await scrollMessages(page);
  await toNewest(page);
  const blocks = await blocksWhile(page, () => report(agent));
  // Else it would have been measured how quickly nothing is shown.
  await page.getByRole('row').nth(1).filter({ hasText: 'arrival' }).waitFor({ timeout: 5_000 });
  figures.push(
    { name: 'script, compressed', unit: 'kB', values: [scriptKilobytes()], floor: lower(350) },
    {
      name: 'first load to rows',
      unit: 'ms',
      values: [median(loading)],
      floor: lower(1_000),
      remark: spread(loading),
    },
    {
      name: 'filter to rows, p95',
      unit: 'ms',
      values: [percentile(changes, 95)],
      floor: lower(300),
      remark: `of ${changes.length}; ${spread(changes)}`,
    },
    {
      name: 'last key to rows, p95',
      unit: 'ms',
      values: [percentile(typing, 95)],
      floor: lower(300),
      remark: `of ${typing.length}; ${spread(typing)}`,
    },
    {
      name: 'scrolling',
      unit: 'frames/s',
      values: [scrolling.perSecond],
      floor: higher(Math.min(60, empty.perSecond) * 0.9),
      remark: `an empty page ${empty.perSecond.toFixed(1)}; longest frame ${scrolling.longestMs.toFixed(0)} ms, empty ${empty.longestMs.toFixed(0)} ms`,
    },
    {
      name: 'longest block of the page',
      unit: 'ms',
      values: [Math.max(shortestBlockMs, blocks.longestMs)],
      floor: lower(100),
      remark: `while ${arrivals.perSecond} messages/s arrive for ${arrivals.seconds} s; ${blocks.count} tasks over 50 ms`,
    },
  );
} finally {
  await browser.close();
}
const summaries = figures.map(summarize);
const machine = `load ${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after`;
console.log(`\n${total.toLocaleString('en-US')} messages, ${machine}\n\n${figureTable(summaries)}`);
process.exitCode = summaries.every(({ ratio }) => ratio === null || ratio >= 1) ? 0 : 1;

async function aLine(): Promise<void> {
  process.stderr.write('press Enter to measure\n');
  const input = createInterface({ input: process.stdin });
  await once(input, 'line');
  input.close();
}

async function fill(into: RealPool, url: string): Promise<void> {
  using load = new ThroughputBench([await into.enrolAgent('load-1'), await into.enrolAgent('load-2')]);
  for (let done = 0; done < total; done += perFill) {
    const { perSecond } = await load.run(url, Math.min(perFill, total - done));
    process.stderr.write(`${Math.min(total, done + perFill)} messages stored, ${Math.round(perSecond)}/s\n`);
  }
}

async function openPage(from: Browser): Promise<Page> {
  const context = await from.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await addProbe(page);
  await sleep(windowMs);
  await page.goto(`${server?.url ?? ''}/messages#token=${token}`, { waitUntil: 'commit' });
  // The page tells when, since a locator that waits looks in each frame, and has frames made that the page would not.
  await firstRowsMs(page);
  return page;
}

/** Each in a new window, without anything kept from before. */
async function firstLoads(from: Browser): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < loads; run += 1) {
    const page = await openPage(from);
    times.push(await firstRowsMs(page));
    await page.context().close();
  }
  return times;
}

async function filterChanges(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1)
    for (const wanted of filters) times.push(await changeMs(page, wanted));
  // Of the newest, some tell that the agents of the load are silent: whatever they say, they are rows.
  await changeMs(page, { address: '/messages', cell: ['.cell-text', ''] });
  return times;
}

async function typedSearches(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (const text of ['data3', 'oracle', rareText, 'condition 9999', 'nginx', absentText]) {
    await page.locator('#search').fill('');
    await page.getByRole('row').nth(5).waitFor();
    await page.locator('#search').pressSequentially(text, { delay: 60 });
    times.push(await typedMs(page, text === absentText ? null : ['.cell-text', text]));
  }
  await page.locator('#search').fill('');
  await page.getByRole('row').nth(5).waitFor();
  return times;
}

/** Where what arrives is drawn as it does. */
async function toNewest(page: Page): Promise<void> {
  await page.locator('.grid').focus();
  await page.keyboard.press('Home');
  await page.getByRole('button', { name: 'To the newest' }).waitFor({ state: 'detached' });
}

async function scrollMessages(page: Page): Promise<Frames> {
  return scroll(page, '.grid', stepPx, scrollMs);
}

/** As many frames as this browser makes on this machine at best. */
async function emptyPage(from: Browser): Promise<Frames> {
  const context = await from.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await addProbe(page);
  await page.goto('data:text/html,<body style="height:9000000px">');
  const frames = await scroll(page, 'html', stepPx, scrollMs);
  await context.close();
  return frames;
}

async function report(from: RealAgent): Promise<void> {
  const client = await AgentClient.connect(nodeNetwork(silentLog), from.data);
  const before = (await poolStatus(pool.virtual)).messages.total;
  const startedMs = performance.now();
  const count = arrivals.perSecond * arrivals.seconds;
  const underWay: Promise<string>[] = [];
  while (underWay.length < count) {
    const due = Math.min(count, ((performance.now() - startedMs) * arrivals.perSecond) / 1_000);
    while (underWay.length < due)
      underWay.push(client.send({ severity: 'normal', text: `arrival ${underWay.length}`, group: 'bench' }));
    await sleep(10);
  }
  await Promise.all(underWay);
  client.close();
  await until(
    'all are stored',
    async () => (await poolStatus(pool.virtual)).messages.total >= before + count,
    30_000,
  );
  await sleep(1_000);
}

function scriptKilobytes(): number {
  const folder = path.join(root, 'console/dist');
  const manifest = consoleManifestSchema.parse(
    JSON.parse(readFileSync(path.join(folder, 'files.json'), 'utf8')),
  );
  const scripts = manifest.files.filter(({ type }) => type.startsWith('text/javascript'));
  const bytes = scripts.map(
    ({ path: name }) => gzipSync(readFileSync(path.join(folder, name)), { level: 9 }).length,
  );
  return bytes.reduce((sum, one) => sum + one, 0) / 1_000;
}

function spread(times: readonly number[]): string {
  return `median ${median(times).toFixed(0)}, ${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)}`;
}
