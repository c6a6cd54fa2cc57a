/**
 * The judge of the kill test, a program of its own: it reads only what the senders wrote down, what each server's API
 * answers, and what each agent says of itself. `node test/kill/judge.ts FILE`, FILE being a Case. Exit code 0: all
 * was kept; 1: something was not; 2: the run proves nothing.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { allMessages, poolStatus } from '../pool/answers.ts';
import { ApiClient } from '../pool/api-client.ts';
import { watchkeeper } from '../pool/watchkeeper.ts';
import { judge, type AgentCounts, type SenderRecord, type ServerAnswer } from './judge-evidence.ts';

const caseSchema = z.object({
  identity: z.string(),
  acceptedMin: z.number(),
  servers: z.array(z.object({ name: z.string(), url: z.string() })),
  agents: z.array(z.object({ name: z.string(), config: z.string(), record: z.string() })),
});
export type Case = z.infer<typeof caseSchema>;

const bySeverity = z.record(z.string(), z.number());
const statusSchema = z.object({
  buffer: z.object({
    produced: bySeverity,
    delivered: bySeverity,
    buffered: bySeverity,
    dropped: bySeverity,
  }),
});

const { agents, servers, identity, acceptedMin } = caseSchema.parse(
  JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')),
);
const verdict = judge({
  senders: agents.map(({ name, record }) => readRecord(name, record)),
  servers: await Promise.all(
    servers.map(({ name, url }) => ask(name, new ApiClient(url, readFileSync(identity, 'utf8')))),
  ),
  agents: await Promise.all(agents.map(({ name, config }) => countsOf(name, config))),
  acceptedMin,
});
for (const line of verdict.findings.slice(0, 50)) console.log(`FAILED: ${line}`);
if (verdict.findings.length > 50) console.log(`and ${verdict.findings.length - 50} more findings`);
for (const line of verdict.invalid) console.log(`INVALID: ${line}`);
const { sent, accepted, lost, doubled } = verdict;
console.log(`sent ${sent}, accepted ${accepted}, lost ${lost}, doubled ${doubled}`);
process.exit(verdict.findings.length > 0 ? 1 : verdict.invalid.length > 0 ? 2 : 0);

function readRecord(agent: string, file: string): SenderRecord {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  return {
    agent,
    sent: lines.filter(([what]) => what === 'sent').map(([, number]) => Number(number)),
    accepted: lines
      .filter(([what]) => what === 'accepted')
      .map(([, number, id = '']) => ({ number: Number(number), id })),
  };
}

async function ask(name: string, api: ApiClient): Promise<ServerAnswer> {
  const messages = await allMessages(api);
  const { stateHash, positions } = (await poolStatus(api)).server;
  api.close();
  return { name, messages, stateHash, positions };
}

async function countsOf(agent: string, config: string): Promise<AgentCounts> {
  const printed = await watchkeeper(['agent', 'status', '--json', '--config', config]);
  const { produced, delivered, buffered, dropped } = statusSchema.parse(JSON.parse(printed)).buffer;
  return {
    agent,
    produced: sum(produced),
    delivered: sum(delivered),
    buffered: sum(buffered),
    gaps: sum(dropped),
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
