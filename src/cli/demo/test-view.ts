import type { DemoView } from './demo-view.ts';

const servers = [
  '11111111-1111-4111-8111-111111111111',
  '22222222-2222-4222-8222-222222222222',
  '33333333-3333-4333-8333-333333333333',
] as const;
const noMessages = { unknown: 0, normal: 0, warning: 0, minor: 0, major: 0, critical: 0 };
const startedMs = Date.UTC(2026, 10, 21, 12, 0, 0);

const processes: DemoView['processes'] = [
  { name: 'server-1', kind: 'server', running: false, restarts: 1 },
  { name: 'node-1', kind: 'agent', running: true, restarts: 0 },
];

/** A pool of three in which the first server was lost and another took over; for tests of what is shown. */
export function testView(changes: Partial<DemoView> = {}): DemoView {
  return {
    startedMs,
    nowMs: startedMs + 65_000,
    because: '',
    nodes: [
      node('node-1', 'server-2'),
      node('node-2', 'server-2'),
      { ...node('node-3', 'server-2'), connectedTo: null },
    ],
    messages: [message('critical', 'disk full\u001b[31m\non /'), message('normal', 'all is well')],
    processes,
    consoleUrl: 'https://127.0.0.1:7300/#token=wkt_x',
    connect: ['npx watchkeeper message list --follow'],
    ending: 'what it stored is removed',
    status: {
      pool: { id: servers[0], name: 'demo' },
      server: {
        coreId: servers[1],
        name: 'server-2',
        version: '0.1.0',
        origin: `${servers[1]}.aaaaaaaa`,
        positions: {},
        stateHash: '',
      },
      coordinator: {
        reachable: true,
        confirmed: false,
        doubt: null,
        kind: 'embedded',
        waiting: false,
        etcd: [],
      },
      atRisk: { is: true, because: 'server-1 is away' },
      serverRules: { active: false, held: 0 },
      sharing: [],
      members: servers.map((coreId, index) => ({
        coreId,
        name: `server-${index + 1}`,
        url: `https://127.0.0.1:730${index + 1}`,
        addresses: [`https://127.0.0.1:730${index + 1}`],
        rank: index + 1,
        duty: index === 0 ? null : index === 1 ? 'acting' : 'standby',
        state: index === 0 ? 'offline' : index === 1 ? 'active' : 'passive',
        healthy: index !== 0,
        because: index === 0 ? 'no sign of life for 3 s' : 'answers and commits in time',
        sinceMs: startedMs,
        lastHeartbeatMs: startedMs,
        version: '0.1.0',
        lagEntries: index === 2 ? 4 : 0,
        positions: index === 0 ? null : { [`${servers[1]}.aaaaaaaa`]: index === 2 ? 1_000 : 1_004 },
      })),
      roles: ['acting', 'virtual-interface/main'].map((role) => ({
        role,
        holder: servers[1],
        holderName: 'server-2',
        epoch: 2,
        sinceMs: startedMs,
        because: 'holder lost its session',
        address: role === 'acting' ? null : '127.0.0.1:7300',
      })),
      messages: {
        total: 12_345,
        open: { ...noMessages, critical: 1, normal: 1_200 },
        acknowledged: { ...noMessages, minor: 3 },
      },
    },
    ...changes,
  };
}

function node(name: string, connectedTo: string): DemoView['nodes'][number] {
  return {
    coreId: servers[0],
    name,
    connectedTo,
    sinceMs: startedMs,
    lastHeardMs: startedMs,
    lastMessageMs: null,
    version: '0.1.0',
    address: '127.0.0.1',
    via: null,
  };
}

export function message(
  severity: DemoView['messages'][number]['severity'],
  text: string,
): DemoView['messages'][number] {
  return {
    id: `01990000-0000-7000-8000-${severity.padEnd(12, '0').replaceAll(/[^0-9a-f]/g, '0')}`,
    createdMs: startedMs + 60_000,
    severity,
    text,
    application: 'disk',
    node: servers[0],
    nodeName: 'node-1',
    state: 'open',
    owner: null,
    annotations: 0,
    receivedMs: startedMs + 60_010,
    acknowledgedMs: null,
    acknowledgedBy: null,
  };
}
