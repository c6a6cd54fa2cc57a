import { encodeBody } from '../../src/journal/body.ts';
import { decodeFrame, encodeFrame } from '../../src/link/frame.ts';
import { protocolMax, protocolMin, type LinkMessage, type LinkMessageType } from '../../src/link/messages.ts';
import { uuidV7 } from '../../src/model/uuid.ts';
import { connectOptions } from '../../src/server/testing/test-agent.ts';
import type { RunningServer } from '../../src/server/start-server.ts';
import type { TestServers } from '../../src/server/testing/test-servers.ts';
import type { Tried } from './callers.ts';
import type { Verdict } from './try-routes.ts';

const origin = '0190a6f4-0000-4000-8000-0000000000ff.00000001';
const someAction = '0190a6f4-0000-7000-8000-0000000000fe';
const question = { round: 1, incarnation: 'one' };

/** One of each type, right in itself. */
export const samples: { readonly [T in LinkMessageType]: Extract<LinkMessage, { type: T }> } = {
  hello: { type: 'hello', protocolMin, protocolMax, name: 'm9', version: '0' },
  welcome: { type: 'welcome', protocol: protocolMax, name: 'm9', version: '0', coreId: origin.slice(0, 36) },
  refused: { type: 'refused', code: 'WK_DENIED', text: 'no', retry: false },
  ping: { type: 'ping', id: 7 },
  pong: { type: 'pong', id: 7 },
  batch: { type: 'batch', batch: 1, count: 1 },
  share: { type: 'share', batch: 1, count: 1 },
  stored: { type: 'stored', batch: 1, copies: 2, wanted: 2 },
  again: { type: 'again', batch: 1, code: 'WK_DISK_FULL', text: 'full', afterMs: 1 },
  goBack: { type: 'goBack', text: 'home', servers: ['https://127.0.0.1:1'] },
  servers: { type: 'servers', servers: ['https://127.0.0.1:1'] },
  trust: { type: 'trust', authorities: ['pem'], signer: '00', spreadMs: 1 },
  policiesRunning: { type: 'policiesRunning', generation: 0, digest: '', refused: null },
  policies: { type: 'policies', generation: 1, digest: '' },
  action: { type: 'action', id: someAction },
  actionReady: { type: 'actionReady', id: someAction },
  actionGo: { type: 'actionGo', id: someAction, withinMs: 0 },
  actionReports: { type: 'actionReports', batch: 1 },
  actionReportsStored: { type: 'actionReportsStored', batch: 1, copies: 0, wanted: 2 },
  depotPlease: { type: 'depotPlease', sha256: '0'.repeat(64) },
  depotPart: { type: 'depotPart', sha256: '0'.repeat(64), offset: 0, totalBytes: 1 },
  depotNone: { type: 'depotNone', sha256: '0'.repeat(64) },
  depotHave: { type: 'depotHave', files: [] },
  entries: {
    type: 'entries',
    entries: [{ origin, seq: 1, hlc: 1, kind: 'messages', checksum: '00', bytes: 0 }],
  },
  positions: { type: 'positions', positions: {} },
  confirmPlease: { type: 'confirmPlease', ...question, ttlMs: 1_000 },
  confirmed: { type: 'confirmed', ...question, promised: false, because: 'no' },
  revoked: { type: 'revoked', revoked: [] },
  standing: {
    type: 'standing',
    lineage: origin.slice(0, 36),
    before: [],
    revision: 1,
    session: 1,
    endpoints: [],
  },
  trimmed: { type: 'trimmed', origin, from: 1 },
  snapshotPlease: { type: 'snapshotPlease' },
  snapshotPart: { type: 'snapshotPart', offset: 0, totalBytes: 0, last: false },
};

/**
 * Connects as that caller, says hello, then the message. `no`: the server says that such a one may not say that;
 * `yes`: it took it, and judges it by what is in it; `cut`: it never got that far.
 */
export async function tryMessage(
  servers: TestServers,
  server: RunningServer,
  type: LinkMessageType,
  { credentials, nodeName = 'm9' }: Tried,
): Promise<Verdict> {
  if (credentials === null) return 'cut';
  let transport;
  try {
    transport = await servers.runtime.network.connect(connectOptions(servers, server, credentials));
  } catch {
    return 'cut';
  }
  const heard = Promise.withResolvers<Verdict>();
  let said = false;
  transport.onClose(() => heard.resolve(said ? 'yes' : 'cut'));
  transport.onMessage((bytes) => {
    const { message } = decodeFrame(bytes);
    if (message.type === 'refused')
      return heard.resolve(said && !/not allowed/.test(message.text) ? 'yes' : 'no');
    if (message.type === 'pong' && message.id === 99) return heard.resolve('yes');
    if (message.type !== 'welcome') return;
    if (type === 'hello') return heard.resolve('yes');
    said = true;
    transport.send(encodeFrame(samples[type], type === 'batch' ? batchBody() : undefined));
    transport.send(encodeFrame({ type: 'ping', id: 99 }));
  });
  transport.send(encodeFrame({ ...samples.hello, name: nodeName }));
  const verdict = await heard.promise;
  transport.terminate();
  return verdict;
}

/** Of a node that nobody is: an agent may say `batch`, and is then refused what is not its own. */
function batchBody(): Uint8Array {
  const id = uuidV7(1, new Uint8Array(10));
  const message = { id, createdMs: 1, severity: 'normal', text: 'x' } as const;
  return encodeBody('messages', { node: origin.slice(0, 36), nodeName: 'db1', messages: [message] });
}
