import type { IdentityKind } from '../model/identity.ts';
import { linkPermissions, type Direction } from '../model/permissions.ts';
import type { LinkMessageType } from './messages.ts';

export type Side = 'dialer' | 'acceptor';
export type Phase = 'greeting' | 'open';

interface Rule {
  /** Who may say it to whom; every other direction is refused. */
  readonly directions: readonly Direction[];
  readonly by: Side | 'either';
  readonly phases: readonly Phase[];
  /** Bulk waits while much is unsent; urgent never waits behind more than that. Order holds within a lane. */
  readonly lane: 'urgent' | 'bulk';
  readonly body: boolean;
  /** The protocol that it came with, when that is later than the first. */
  readonly since?: number;
}

const open = { by: 'either', phases: ['open'], lane: 'urgent', body: false } as const;
const bulk = { ...open, lane: 'bulk', body: true } as const;

/** Every type of message, who may send it, to whom, and when. What stands nowhere here is refused. */
export const linkRules: Readonly<Record<LinkMessageType, Rule>> = {
  hello: { ...open, directions: linkPermissions.hello, by: 'dialer', phases: ['greeting'] },
  welcome: { ...open, directions: linkPermissions.welcome, by: 'acceptor', phases: ['greeting'] },
  refused: { ...open, directions: linkPermissions.refused, phases: ['greeting', 'open'] },
  ping: { ...open, directions: linkPermissions.ping },
  pong: { ...open, directions: linkPermissions.pong },
  batch: { ...bulk, directions: linkPermissions.batch },
  share: { ...bulk, directions: linkPermissions.share, since: 4 },
  stored: { ...open, directions: linkPermissions.stored },
  again: { ...open, directions: linkPermissions.again },
  goBack: { ...open, directions: linkPermissions.goBack },
  servers: { ...open, directions: linkPermissions.servers },
  trust: { ...open, directions: linkPermissions.trust, by: 'acceptor', since: 3 },
  policiesRunning: { ...open, directions: linkPermissions.policiesRunning, since: 3 },
  policies: { ...bulk, directions: linkPermissions.policies, since: 3 },
  action: { ...bulk, directions: linkPermissions.action, since: 4 },
  actionReady: { ...open, directions: linkPermissions.actionReady, since: 4 },
  actionGo: { ...open, directions: linkPermissions.actionGo, since: 4 },
  actionReports: { ...bulk, directions: linkPermissions.actionReports, since: 4 },
  actionReportsStored: { ...open, directions: linkPermissions.actionReportsStored, since: 4 },
  depotPlease: { ...open, directions: linkPermissions.depotPlease, since: 4 },
  depotPart: { ...bulk, directions: linkPermissions.depotPart, since: 4 },
  depotNone: { ...open, directions: linkPermissions.depotNone, since: 4 },
  depotHave: { ...open, directions: linkPermissions.depotHave, by: 'dialer', since: 4 },
  entries: { ...bulk, directions: linkPermissions.entries },
  positions: { ...open, directions: linkPermissions.positions },
  confirmPlease: { ...open, directions: linkPermissions.confirmPlease, since: 2 },
  confirmed: { ...open, directions: linkPermissions.confirmed, since: 2 },
  revoked: { ...open, directions: linkPermissions.revoked, by: 'acceptor', since: 3 },
  standing: { ...open, directions: linkPermissions.standing, by: 'dialer', since: 3 },
  trimmed: { ...open, directions: linkPermissions.trimmed },
  snapshotPlease: { ...open, directions: linkPermissions.snapshotPlease },
  snapshotPart: { ...bulk, directions: linkPermissions.snapshotPart },
};

export interface Sender {
  readonly from: IdentityKind;
  readonly to: IdentityKind;
  readonly by: Side;
  readonly phase: Phase;
  /** The protocol that was agreed on. */
  readonly protocol: number;
}

/** Why a message of this type may not be said here, or null when it may. */
export function whyForbidden(type: LinkMessageType, sender: Sender): string | null {
  if (!Object.hasOwn(linkRules, type)) return `${type} has no rule`;
  const rule = linkRules[type];
  const direction = `${sender.from} to ${sender.to}`;
  if (!rule.directions.some((allowed) => allowed === direction))
    return `${type} may not go from ${direction}`;
  if (rule.by !== 'either' && rule.by !== sender.by) return `${type} may not be said by the ${sender.by}`;
  if ((rule.since ?? 1) > sender.protocol)
    return `${type} came with protocol ${rule.since}, and ${sender.protocol} was agreed on`;
  if (!rule.phases.includes(sender.phase))
    return sender.phase === 'greeting'
      ? `${type} came before the greeting`
      : `${type} came after the greeting`;
  return null;
}
