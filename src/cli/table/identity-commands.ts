import type { CommandEntry } from './command-entry.ts';

/** Commands about who is who: a part of the command table. */
export const identityCommands: readonly CommandEntry[] = [
  {
    path: 'trust list',
    summary: 'list the authorities, and who has not followed a rotation',
    load: () => import('../commands/trust-list.ts'),
  },
  {
    path: 'trust export',
    summary: "print this pool's authorities for another pool",
    load: () => import('../commands/trust-export.ts'),
  },
  {
    path: 'trust import',
    summary: "believe another pool's authorities",
    load: () => import('../commands/trust-import.ts'),
  },
  {
    path: 'trust update',
    summary: 'replace what is believed of another pool',
    load: () => import('../commands/trust-update.ts'),
  },
  {
    path: 'trust remove',
    summary: 'believe an authority no more',
    load: () => import('../commands/trust-remove.ts'),
  },
  {
    path: 'trust rotate',
    summary: 'put a new authority in the place of the old one',
    load: () => import('../commands/trust-rotate.ts'),
  },
  {
    path: 'trust adopt',
    summary: 'take in the key of an authority that was brought by hand',
    load: () => import('../commands/trust-adopt.ts'),
  },
  {
    path: 'ping',
    summary: 'say whether a server is reached and both sides believe each other',
    load: () => import('../commands/ping.ts'),
  },

  {
    path: 'other-pool list',
    summary: 'show which other pools get messages from here, or send some',
    load: () => import('../commands/other-pool-list.ts'),
  },
  {
    path: 'other-pool set',
    summary: 'define another pool: where its servers are, and which of its nodes may send messages here',
    load: () => import('../commands/other-pool-set.ts'),
  },
  {
    path: 'other-pool remove',
    summary: 'forget another pool',
    load: () => import('../commands/other-pool-remove.ts'),
  },

  {
    path: 'enrol list',
    summary: 'list who waits for approval',
    load: () => import('../commands/enrol-list.ts'),
  },
  {
    path: 'enrol approve',
    summary: 'let one who waits join',
    load: () => import('../commands/enrol-approve.ts'),
  },
  {
    path: 'enrol deny',
    summary: 'say no to one who waits',
    load: () => import('../commands/enrol-deny.ts'),
  },
  {
    path: 'enrol approval',
    summary: 'say whether a person has to approve who joins',
    load: () => import('../commands/enrol-approval.ts'),
  },

  {
    path: 'cert list',
    summary: 'list identities and their certificates',
    load: () => import('../commands/cert-list.ts'),
  },
  {
    path: 'cert show',
    summary: 'show one, whatever became of it',
    load: () => import('../commands/cert-show.ts'),
  },
  {
    path: 'cert issue',
    summary: 'make a certificate for a person',
    load: () => import('../commands/cert-issue.ts'),
  },
  {
    path: 'cert renew',
    summary: 'renew your own certificate now',
    load: () => import('../commands/cert-renew.ts'),
  },
  {
    path: 'cert revoke',
    summary: 'make an identity count nowhere any more',
    load: () => import('../commands/cert-revoke.ts'),
  },

  {
    path: 'node-group list',
    summary: 'show the groups, their nodes and their policies',
    load: () => import('../commands/node-group-list.ts'),
  },
  {
    path: 'node-group set',
    summary: 'make or change a group',
    load: () => import('../commands/node-group-set.ts'),
  },
  {
    path: 'node-group remove',
    summary: 'remove a group',
    load: () => import('../commands/node-group-remove.ts'),
  },

  {
    path: 'message-group list',
    summary: 'show groups of messages, and what is open in them',
    load: () => import('../commands/message-group-list.ts'),
  },
  {
    path: 'message-group set',
    summary: 'say what a group of messages is about',
    load: () => import('../commands/message-group-set.ts'),
  },
  {
    path: 'message-group remove',
    summary: 'remove the definition of a group of messages',
    load: () => import('../commands/message-group-remove.ts'),
  },

  {
    path: 'status-variable list',
    summary: 'show the condition status variables of policies for servers',
    load: () => import('../commands/status-variable-list.ts'),
  },
  {
    path: 'status-variable set',
    summary: 'switch one, for every rule that asks for it',
    load: () => import('../commands/status-variable-set.ts'),
  },
  {
    path: 'status-variable remove',
    summary: 'go back to what policies declare',
    load: () => import('../commands/status-variable-remove.ts'),
  },

  {
    path: 'policy list',
    summary: 'show the policies of the pool',
    load: () => import('../commands/policy-list.ts'),
  },
  {
    path: 'policy show',
    summary: 'print a policy as it was written',
    load: () => import('../commands/policy-show.ts'),
  },
  {
    path: 'policy set',
    summary: 'define or change policies',
    load: () => import('../commands/policy-set.ts'),
  },
  {
    path: 'policy remove',
    summary: 'remove a policy that no group names',
    load: () => import('../commands/policy-remove.ts'),
  },
  {
    path: 'policy deploy',
    summary: 'send nodes what they should run, again or what was held back',
    load: () => import('../commands/policy-deploy.ts'),
  },
  {
    path: 'policy status',
    summary: 'show which nodes run what they should',
    load: () => import('../commands/policy-status.ts'),
  },
  {
    path: 'policy check',
    summary: 'say what is wrong with policies',
    load: () => import('../commands/policy-check.ts'),
  },
  {
    path: 'policy explain',
    summary: 'say where a message would go, and why',
    load: () => import('../commands/policy-explain.ts'),
  },
  {
    path: 'policy print',
    summary: 'write a policy of flexible management in its canonical form',
    load: () => import('../commands/policy-print.ts'),
  },

  {
    path: 'outage add',
    summary: 'say that nodes or message groups are out of service for a time',
    load: () => import('../commands/outage-add.ts'),
  },
  {
    path: 'outage list',
    summary: 'show outages: of what, until when, who said so and why',
    load: () => import('../commands/outage-list.ts'),
  },
  {
    path: 'outage extend',
    summary: 'let an outage end later, or earlier',
    load: () => import('../commands/outage-extend.ts'),
  },
  {
    path: 'outage remove',
    summary: 'end outages now, or take away those that are over',
    load: () => import('../commands/outage-remove.ts'),
  },
];
