import assert from 'node:assert/strict';
import { encodeBody } from '../../journal/body.ts';
import { dialLink } from '../../link/dial-link.ts';
import type { LinkMessage } from '../../link/messages.ts';
import { uuidV7 } from '../../model/uuid.ts';
import type { Credentials } from '../../runtime/network.ts';
import type { RunningServer } from '../start-server.ts';
import { eventually, type TestServers } from './test-servers.ts';

export type TestNode = Awaited<ReturnType<TestServers['enrolNode']>>;

export function connectOptions(servers: TestServers, server: RunningServer, credentials: Credentials) {
  return {
    url: servers.urlOf(server),
    credentials,
    pool: servers.pool.id,
    timeoutMs: 5_000,
    messageBytesMax: 1e6,
  };
}

/** An agent as far as the link goes: whoever holds its certificate and says hello. */
export async function connectAgent(
  servers: TestServers,
  server: RunningServer,
  node: TestNode,
  credentials?: Credentials,
  dialled?: string,
) {
  const { connection } = await dialLink(servers.runtime, {
    connect: connectOptions(servers, server, credentials ?? (await servers.pool.credentials(node.identity))),
    self: 'agent',
    hello: { name: node.name, version: '0', ...(dialled !== undefined && { dialled }) },
  });
  const heard: LinkMessage[] = [];
  let closed: { code: string | null; text: string } | null = null;
  connection.onMessage((message) => heard.push(message));
  connection.onClose((close) => (closed = close));
  let batch = 0;
  return {
    heard,
    closed: () => closed,
    close: () => connection.close('done'),
    say: (said: LinkMessage) => connection.send(said),
    /** Sends a batch of anything at all, and answers its number. */
    send(messages: readonly unknown[], count = messages.length): number {
      batch += 1;
      const body = { node: node.coreId, nodeName: node.name, messages } as Parameters<typeof encodeBody>[1];
      connection.send({ type: 'batch', batch, count }, encodeBody('messages', body as never));
      return batch;
    },
    async answerTo(wanted: number): Promise<LinkMessage & { type: 'stored' | 'again' }> {
      const find = () =>
        heard.findLast(
          (message): message is LinkMessage & { type: 'stored' | 'again' } =>
            (message.type === 'stored' || message.type === 'again') && message.batch === wanted,
        );
      await eventually(`batch ${wanted} is answered`, () => find() !== undefined);
      return find() ?? assert.fail();
    },
  };
}

let made = 0;
export function message(text: string) {
  made += 1;
  const id = uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
  return { id, createdMs: made, severity: 'minor' as const, text };
}

export const texts = (server: RunningServer) =>
  server.view.page({ order: 'oldest', limit: 100 }).messages.map(({ text }) => text);
export const has = (server: RunningServer, pattern: RegExp) =>
  texts(server).some((text) => pattern.test(text));

export async function allConnected(servers: TestServers): Promise<void> {
  await eventually('all members are connected', () =>
    servers.running.every((server) =>
      server.view.poolStatus().members.every(({ positions }) => positions !== null),
    ),
  );
}
