import type { IncomingMessage } from 'node:http';
import type { MessageView, OperationRequest } from '../../model/api.ts';
import type { Overview } from '../../model/overview.ts';
import type { Account } from '../../access/caller.ts';
import { rights, Rights, type Permission, type Scope } from '../../model/rights.ts';
import type { Identity } from '../../model/identity.ts';
import type { Positions } from '../../model/origin.ts';
import type { RoleRequest, RoleView, VirtualInterfaces } from '../../model/role-api.ts';
import type { ActionPort } from './action-port.ts';
import type { ConfigPort } from './config-port.ts';
import type { DepotPort } from './depot-port.ts';
import { FakeAccess } from './fake-access.ts';
import type { Changes, PolicyPort, ServerView } from './view.ts';

export const fakePool = '0190a6f4-0000-4000-8000-00000000000a';
export const fakeOrigin = '0190a6f4-0000-4000-8000-00000000000b.00000001';
export const fakeToken = 'wkt_a-token-that-is-good';

export function fakeMessage(number: number): MessageView {
  return {
    id: `0190a6f4-0000-7000-8000-${number.toString(16).padStart(12, '0')}`,
    createdMs: 1_700_000_000_000 + number,
    severity: 'major',
    text: `message ${number}`,
    node: fakePool,
    nodeName: 'web01',
    state: 'open',
    owner: null,
    annotations: 0,
    receivedMs: 1_700_000_000_100 + number,
    acknowledgedMs: null,
    acknowledgedBy: null,
  };
}

export const fakeRole: RoleView = {
  role: 'virtual-interface/front',
  holder: null,
  holderName: null,
  epoch: 0,
  sinceMs: 0,
  because: 'first holder',
  carrier: 'load-balancer',
  address: '192.0.2.7:7100',
  failback: 'manual',
  settleMs: 60_000,
  pinned: null,
  movingTo: null,
  servers: [],
};

const notHere = async (): Promise<never> => {
  throw new Error('not in this fake');
};

const fakeActions: ActionPort = {
  tools: () => [],
  setTool: notHere,
  removeTool: notHere,
  ask: notHere,
  offered: () => null,
  act: notHere,
  page: () => ({ actions: [], next: null }),
  detail: () => null,
};

const counts = {
  total: 0,
  open: { unknown: 0, normal: 0, warning: 0, minor: 0, major: 0, critical: 0 },
  acknowledged: { unknown: 0, normal: 0, warning: 0, minor: 0, major: 0, critical: 0 },
};

/** A server whose journal is an array: entry N is message N. For tests of the routes. */
export class FakeView implements ServerView {
  readonly pool = fakePool;
  readonly access = new FakeAccess();
  readonly actions = fakeActions;
  readonly journal: MessageView[] = [];
  readonly roleRequests: { role: string; request: RoleRequest; by: string }[] = [];
  readonly operations: { request: OperationRequest; by: string }[] = [];
  readonly #listeners = new Set<() => void>();
  identity: Identity | null = null;
  token: string = fakeToken;
  /** Of whoever asks. */
  permissions: readonly Permission[] = rights.map((right) => ({ right }));
  /** Of the last question. */
  readonly policies: PolicyPort = {
    list: () => [],
    find: () => null,
    groups: () => [],
    deployment: () => [],
    held: () => null,
    explain: () => ({ handling: null, shares: [], nodeZone: 'UTC' }),
    deploy: async () => 0,
    set: async () => {},
    remove: async () => {},
    setPrimary: async () => {},
    setGroup: async () => {},
    removeGroup: async () => {},
  };
  readonly config: ConfigPort = {
    page: () => ({ definitions: [], next: null, leftOut: [], servers: [] }),
    apply: async () => 1,
    history: () => [],
    preview: () => {
      throw new Error('not in this fake');
    },
    revision: () => {
      throw new Error('not in this fake');
    },
  };
  readonly depot: DepotPort = {
    list: () => ({ files: [], bytes: 0, bytesMax: 0, servers: 1 }),
    upload: async (file) => ({ ...file, servers: ['m1'] }),
    read: () => {
      throw new Error('not in this fake');
    },
  };
  scope: Scope = null;
  trimmedTo = 0;
  ready = true;
  held: string | null = null;
  failure: Error | null = null;

  report(...messages: MessageView[]): void {
    this.journal.push(...messages);
    for (const listener of this.#listeners) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  peerIdentity(_request: IncomingMessage): Identity | null {
    return this.identity;
  }
  account({ kind, coreId }: Identity): Account | null {
    return kind === 'server'
      ? { name: 'm1', coreId, rights: new Rights([{ right: 'see' }]) }
      : { name: 'ann', coreId, rights: new Rights(this.permissions) };
  }
  apiToken(token: string): Account | null {
    if (token !== this.token) return null;
    return { name: 'token nightly', coreId: null, rights: new Rights(this.permissions) };
  }
  async groupedPage(query: unknown, scope: Scope): Promise<{ messages: MessageView[]; next: string | null }> {
    return this.page(query, scope);
  }

  page(_query: unknown, scope: Scope): { messages: MessageView[]; next: string | null } {
    if (this.failure) throw this.failure;
    this.scope = scope;
    return { messages: this.journal.slice(-100).toReversed(), next: null };
  }
  message(id: string): { message: MessageView; operations: [] } | null {
    const message = this.journal.find((one) => one.id === id);
    return message ? { message, operations: [] } : null;
  }
  counts(): typeof counts {
    return counts;
  }
  async overview(): Promise<Overview> {
    const nodes = { number: 0, latest: [] };
    return { steps: [], sinceMs: null, nodes: [], groups: [], nodesCame: nodes, nodesWent: nodes };
  }
  async messageGroups(): Promise<[]> {
    return [];
  }
  statusVariables(): [] {
    return [];
  }
  async operate(request: OperationRequest, { name: by }: Account): Promise<{ results: []; copies: number }> {
    this.operations.push({ request, by });
    return { results: [], copies: 2 };
  }
  poolStatus(): never {
    throw new Error('not in this fake');
  }
  nodes(): [] {
    return [];
  }
  virtualInterfaces(): VirtualInterfaces {
    return { server: { coreId: fakePool, name: 'm1' }, virtualInterfaces: [] };
  }
  roles(): RoleView[] {
    return [fakeRole];
  }
  role(role: string): RoleView | null {
    return role === fakeRole.role ? fakeRole : null;
  }
  roleHistory(): [] {
    return [];
  }
  async changeRole(role: string, request: RoleRequest, by: string): Promise<RoleView> {
    this.roleRequests.push({ role, request, by });
    return fakeRole;
  }
  async drillRole(): Promise<RoleView> {
    return fakeRole;
  }
  async changeInterfaces(): Promise<never> {
    throw new Error('not in this fake');
  }
  async makeProfile(): Promise<never> {
    throw new Error('not in this fake');
  }
  async join(): Promise<never> {
    throw new Error('not in this fake');
  }

  async renew(): Promise<never> {
    throw new Error('not in this fake');
  }
  positions(): Positions {
    return this.journal.length === 0 ? {} : { [fakeOrigin]: this.journal.length };
  }
  changesSince(since: Positions, messagesMax: number): Changes | 'trimmed' {
    const from = since[fakeOrigin] ?? 0;
    if (from < this.trimmedTo) return 'trimmed';
    const messages = this.journal.slice(from, from + messagesMax);
    const seq = from + messages.length;
    return { messages, actions: [], output: [], positions: seq === 0 ? {} : { [fakeOrigin]: seq } };
  }
  onCommit(listener: () => void): { close(): void } {
    this.#listeners.add(listener);
    return { close: () => void this.#listeners.delete(listener) };
  }
  readiness(): { ready: boolean; because: string } {
    return { ready: this.ready, because: this.ready ? '' : 'catching up' };
  }
  holds(role: string): boolean {
    return role === this.held;
  }
  metrics(): [
    {
      name: string;
      help: string;
      type: 'gauge';
      samples: { labels: Record<string, string>; value: number }[];
    },
  ] {
    return [
      {
        name: 'watchkeeper_messages',
        help: 'Messages stored.',
        type: 'gauge',
        samples: [{ labels: { state: 'open' }, value: this.journal.length }],
      },
    ];
  }
}
