import { figure, many } from './many.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

export const overviewTexts = {
  overview: {
    title: 'Overview',
    open: 'Open messages',
    openOf: (severity: string) => `Open ${severity} messages`,
    acknowledged: 'Acknowledged',
    stored: 'Stored in all',
    counting: 'The server counts its messages …',
    failed: (because: string) => `What is open where could not be read: ${because}`,
    overTime: 'Open over time',
    overTimeNote: {
      '1h': 'by severity, at the end of each five minutes',
      '6h': 'by severity, at the end of each quarter of an hour',
      '24h': 'by severity, at the end of each hour',
    },
    now: 'now',
    span: 'How far back',
    spans: { '1h': '1 hour', '6h': '6 hours', '24h': '24 hours' },
    tells: (
      before: number,
      now: number,
      steps: readonly (readonly [arrived: number, acknowledged: number])[],
    ) =>
      `From ${figure(before)} to ${figure(now)}: ` +
      `${figure(sum(steps.map(([arrived]) => arrived)))} arrived, ` +
      `${figure(sum(steps.map(([, acknowledged]) => acknowledged)))} were acknowledged.`,
    knownSince: (clock: string) => `Of what you may see this is known from ${clock} on.`,
    table: 'As a table',
    until: 'At',
    total: 'Open in all',
    arrived: 'Arrived',
    acknowledgedThen: 'Acknowledged',
    worst: 'Worst nodes',
    worstNote: 'open of the worst severity / in all',
    worstEmpty: 'Nothing is open.',
    group: 'Worst groups',
    noGroup: 'without a group',
    changes: 'What changed in the last hour',
    changesByRight: 'as far as your role shows it',
    changesEmpty: 'Nothing changed.',
    changesFailed: (because: string) => `Some of it could not be read: ${because}`,
    changesCut: (shown: number, all: number) =>
      `Only the newest ${shown} of ${all} are shown; Configuration and Audit have all of them.`,
    changed: (role: string, from: string, to: string) => `${role}: ${from} → ${to}`,
    changeKinds: {
      role: 'role',
      definition: 'definition',
      node: 'node',
      deployment: 'deployment',
      'sign-in': 'sign-in',
    },
    definition: (kind: string, name: string, what: string) => `${kind} ${name} ${what}`,
    sessions: {
      'session.create': 'signed in',
      'session.end': 'signed out',
      'session.revoke': 'had a session ended',
    } as Readonly<Record<string, string>>,
    session: (name: string, what: string, isDenied: boolean) =>
      isDenied ? `${name} was refused` : `${name} ${what}`,
    deployed: (by: string, target: string) => `${by} deployed to ${target}`,
    node: {
      came: (name: string) => `${name} connected`,
      went: (name: string) => `${name} is away`,
    },
    nodes: {
      came: (number: number) => `${many(number, 'node')} connected`,
      went: (number: number) => `${many(number, 'node')} are away`,
    },
    amongThem: (names: string) => `the latest: ${names}`,
    atServer: (server: string) => `at ${server}`,
  },
} as const;
