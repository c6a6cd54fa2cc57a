import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityKinds, type IdentityKind } from '../model/identity.ts';
import { linkMessageSchemas, protocolMax, type LinkMessageType } from './messages.ts';
import { linkRules, whyForbidden, type Phase, type Side } from './rules.ts';

const types = Object.keys(linkMessageSchemas) as LinkMessageType[];

/** Written out a second time, so that a right is only ever given on purpose. */
const allowed: Readonly<Record<LinkMessageType, readonly string[]>> = {
  hello: ['agent>server dialer greeting', 'server>server dialer greeting'],
  welcome: ['server>agent acceptor greeting', 'server>server acceptor greeting'],
  refused: [...everywhere('agent>server'), ...everywhere('server>agent'), ...everywhere('server>server')],
  ping: [...open('agent>server'), ...open('server>agent'), ...open('server>server')],
  pong: [...open('agent>server'), ...open('server>agent'), ...open('server>server')],
  batch: open('agent>server'),
  share: open('server>server'),
  stored: [...open('server>agent'), ...open('server>server')],
  again: [...open('server>agent'), ...open('server>server')],
  goBack: open('server>agent'),
  servers: open('server>agent'),
  trust: ['server>agent acceptor open'],
  policiesRunning: open('agent>server'),
  policies: open('server>agent'),
  action: open('server>agent'),
  actionReady: open('agent>server'),
  actionGo: open('server>agent'),
  actionReports: open('agent>server'),
  actionReportsStored: open('server>agent'),
  depotPlease: [...open('agent>server'), ...open('server>server')],
  depotPart: [...open('server>agent'), ...open('server>server')],
  depotNone: [...open('server>agent'), ...open('server>server')],
  depotHave: ['server>server dialer open'],
  entries: open('server>server'),
  positions: open('server>server'),
  confirmPlease: open('server>server'),
  confirmed: open('server>server'),
  revoked: ['server>server acceptor open'],
  standing: ['server>server dialer open'],
  trimmed: open('server>server'),
  snapshotPlease: open('server>server'),
  snapshotPart: open('server>server'),
};

function open(direction: string): string[] {
  return [`${direction} dialer open`, `${direction} acceptor open`];
}

function everywhere(direction: string): string[] {
  return [...open(direction), `${direction} dialer greeting`, `${direction} acceptor greeting`];
}

for (const type of types)
  test(`${type} may go exactly where the table says`, () => {
    const seen: string[] = [];
    for (const from of identityKinds)
      for (const to of identityKinds)
        for (const by of ['dialer', 'acceptor'] satisfies Side[])
          for (const phase of ['greeting', 'open'] satisfies Phase[])
            if (whyForbidden(type, { from, to, by, phase, protocol: protocolMax }) === null)
              seen.push(`${from}>${to} ${by} ${phase}`);
    assert.deepEqual(seen.toSorted(), [...allowed[type]].toSorted());
  });

test('what came with a later protocol is not said where an earlier one was agreed on', () => {
  const cameWith: Partial<Record<LinkMessageType, number>> = {
    confirmPlease: 2,
    confirmed: 2,
    revoked: 3,
    trust: 3,
    action: 4,
    actionReady: 4,
    actionGo: 4,
    actionReports: 4,
    actionReportsStored: 4,
    policies: 3,
    policiesRunning: 3,
    depotPlease: 4,
    depotPart: 4,
    depotNone: 4,
    share: 4,
  };
  for (const type of types) {
    const since = cameWith[type] ?? 1;
    const directions = allowed[type].map((text) => text.split(' ')[0] ?? '');
    const [from, to] = (directions.find((one) => one !== 'agent>server') ?? 'agent>server').split('>') as [
      IdentityKind,
      IdentityKind,
    ];
    const between = { from, to, by: 'acceptor', phase: 'open' } as const;
    if (since > 1)
      assert.match(
        whyForbidden(type, { ...between, protocol: since - 1 }) ?? '',
        new RegExp(`came with protocol ${since}`),
      );
    for (let protocol = since; protocol <= protocolMax; protocol++)
      assert.doesNotMatch(whyForbidden(type, { ...between, protocol }) ?? '', /came with protocol/, type);
  }
});

test('every type has a rule, and only bulk has a body', () => {
  assert.deepEqual(Object.keys(linkRules).toSorted(), types.toSorted());
  for (const type of types) assert.equal(linkRules[type].lane === 'bulk', linkRules[type].body, type);
});
