/**
 * Sends numbered messages through one agent at a steady rate and writes down, in a file of its own, each number
 * before it is sent and its ID once the agent has accepted it. While the agent is away the rate is lost, not made up
 * for. Says how many were accepted, once a second. Ends at SIGTERM, when what is under way is answered or lost.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AgentClient } from '../../src/agent/local/agent-client.ts';
import { codeOf } from '../../src/model/errors.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeNetwork } from '../../src/runtime/node/network.ts';
import { loadText } from './judge-evidence.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '' },
    record: { type: 'string', default: '' },
    agent: { type: 'string', default: '' },
    rate: { type: 'string', default: '200' },
  },
});
const tickMs = 10;
const perTick = (Number(values.rate) * tickMs) / 1_000;
const unansweredMax = 1_000;

const record = openSync(values.record, 'a', 0o600);
const network = nodeNetwork(silentLog);
const stop = new AbortController();
let client: AgentClient | null = null;
let number = 0;
let accepted = 0;
let due = 0;
const underWay = new Set<Promise<void>>();

process.on('SIGTERM', () => stop.abort());
const report = setInterval(() => console.log(accepted), 1_000);
let lastMs = performance.now();
while (!stop.signal.aborted) {
  client ??= await connect();
  const nowMs = performance.now();
  // After a pause of ours, too, the rate stays what it is: no burst.
  due += client === null ? 0 : Math.min((nowMs - lastMs) / tickMs, 5) * perTick;
  lastMs = nowMs;
  while (due >= 1 && sendOne()) due -= 1;
  due = Math.min(due, perTick * 5);
  await sleep(tickMs);
}
await Promise.race([Promise.all(underWay), sleep(10_000)]);
clearInterval(report);
console.log(accepted);
closeSync(record);
process.exit(0);

/** False when there is nobody to send to, or too much is unanswered already. */
function sendOne(): boolean {
  if (client === null || client.unanswered >= unansweredMax) return false;
  number += 1;
  const mine = number;
  writeSync(record, `sent ${mine}\n`);
  const sent = settle(client, mine).finally(() => underWay.delete(sent));
  underWay.add(sent);
  return true;
}

async function settle(to: AgentClient, mine: number): Promise<void> {
  const text = loadText(values.agent, mine);
  try {
    const id = await to.send({ severity: 'normal', text, application: 'load', source: 'kill test' });
    writeSync(record, `accepted ${mine} ${id}\n`);
    accepted += 1;
  } catch (error) {
    // Without an answer it may or may not have been taken; its line "sent" alone says so.
    writeSync(record, `unknown ${mine} ${codeOf(error)}\n`);
    if (codeOf(error) === 'WK_UNREACHABLE' && client === to) client = null;
  }
}

async function connect(): Promise<AgentClient | null> {
  try {
    return await AgentClient.connect(network, values.data);
  } catch (error) {
    if (codeOf(error) !== 'WK_UNREACHABLE') throw error;
    return null;
  }
}
