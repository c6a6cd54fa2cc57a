import { accessCommands } from './access-commands.ts';
import { actionCommands } from './action-commands.ts';
import type { CommandEntry } from './command-entry.ts';
import { configCommands } from './config-commands.ts';
import { identityCommands } from './identity-commands.ts';

/** Every command there is, in the order of the help text. */
export const commandTable: readonly CommandEntry[] = [
  {
    path: 'demo',
    summary: 'a whole pool on this machine, to look at',
    load: () => import('../commands/demo.ts'),
  },

  {
    path: 'pool create',
    summary: 'found a pool with its first server',
    load: () => import('../commands/pool-create.ts'),
  },
  {
    path: 'pool token',
    summary: 'make a token to join the pool with',
    load: () => import('../commands/pool-token.ts'),
  },
  {
    path: 'pool status',
    summary: 'show members, roles and lag',
    load: () => import('../commands/pool-status.ts'),
  },
  {
    path: 'pool confirm',
    summary: 'say that a restored coordinator is the one to go on with',
    load: () => import('../commands/pool-confirm.ts'),
  },

  {
    path: 'server join',
    summary: 'make this a further server of a pool',
    load: () => import('../commands/server-join.ts'),
  },
  {
    path: 'server run',
    summary: 'run a server: keeper and server process',
    load: () => import('../commands/server-run.ts'),
  },
  {
    path: 'server run-process',
    summary: 'the server process, started by its keeper',
    hidden: true,
    load: () => import('../commands/server-run-process.ts'),
  },
  {
    path: 'server interfaces',
    summary: 'say which addresses a server publishes',
    load: () => import('../commands/server-interfaces.ts'),
  },
  {
    path: 'server remove',
    summary: 'take a server out of the pool',
    load: () => import('../commands/server-remove.ts'),
  },
  {
    path: 'server backup',
    summary: 'copy a server, running or not, into a folder',
    load: () => import('../commands/server-backup.ts'),
  },
  {
    path: 'server restore',
    summary: 'make a server from a backup',
    load: () => import('../commands/server-restore.ts'),
  },
  {
    path: 'support-bundle',
    summary: 'write an archive for whoever helps you, without secrets',
    load: () => import('../commands/support-bundle.ts'),
  },

  {
    path: 'witness join',
    summary: 'make this the witness of a pool',
    load: () => import('../commands/witness-join.ts'),
  },
  {
    path: 'witness run',
    summary: "run the witness's member of etcd",
    load: () => import('../commands/witness-run.ts'),
  },
  {
    path: 'witness remove',
    summary: 'take a witness out of the pool',
    load: () => import('../commands/witness-remove.ts'),
  },

  {
    path: 'agent join',
    summary: 'enrol this machine as a node of a pool',
    load: () => import('../commands/agent-join.ts'),
  },
  {
    path: 'agent profile',
    summary: 'write a file with everything that an agent needs to join later',
    load: () => import('../commands/agent-profile.ts'),
  },
  { path: 'agent run', summary: 'run the agent', load: () => import('../commands/agent-run.ts') },
  {
    path: 'agent status',
    summary: 'show what the agent holds and where it is connected',
    load: () => import('../commands/agent-status.ts'),
  },

  {
    path: 'message send',
    summary: 'report a message through the agent of this machine',
    load: () => import('../commands/message-send.ts'),
  },
  {
    path: 'message list',
    summary: 'list messages, newest first',
    load: () => import('../commands/message-list.ts'),
  },
  {
    path: 'message show',
    summary: 'show a message and everything done to it',
    load: () => import('../commands/message-show.ts'),
  },
  {
    path: 'message acknowledge',
    summary: 'mark messages as dealt with',
    load: () => import('../commands/message-acknowledge.ts'),
  },
  {
    path: 'message unacknowledge',
    summary: 'open messages again',
    load: () => import('../commands/message-unacknowledge.ts'),
  },
  {
    path: 'message own',
    summary: 'take messages as yours',
    load: () => import('../commands/message-own.ts'),
  },
  {
    path: 'message disown',
    summary: 'give messages back',
    load: () => import('../commands/message-disown.ts'),
  },
  {
    path: 'message annotate',
    summary: 'write a note on messages',
    load: () => import('../commands/message-annotate.ts'),
  },
  {
    path: 'message act',
    summary: 'do what the policy that made a message offers for it',
    load: () => import('../commands/message-act.ts'),
  },

  {
    path: 'node list',
    summary: 'list nodes and where they are connected',
    load: () => import('../commands/node-list.ts'),
  },
  {
    path: 'node set-primary',
    summary: 'say which server nodes talk to first, all at once or in phases',
    load: () => import('../commands/node-set-primary.ts'),
  },
  {
    path: 'node remove',
    summary: 'take a node out of the pool',
    load: () => import('../commands/node-remove.ts'),
  },

  ...actionCommands,
  ...configCommands,

  ...identityCommands,

  ...accessCommands,

  {
    path: 'role list',
    summary: 'list roles and who holds them',
    load: () => import('../commands/role-list.ts'),
  },
  {
    path: 'role show',
    summary: "show a role and every server's place in it",
    load: () => import('../commands/role-show.ts'),
  },
  {
    path: 'role move',
    summary: 'move a role to another server now',
    load: () => import('../commands/role-move.ts'),
  },
  {
    path: 'role drill',
    summary: 'lose the holder of a role on purpose, and see what happens',
    load: () => import('../commands/role-drill.ts'),
  },
  {
    path: 'role take',
    summary: 'take a role by hand when the only etcd is lost',
    load: () => import('../commands/role-take.ts'),
  },
  {
    path: 'role pin',
    summary: 'keep a role on one server while that is well',
    load: () => import('../commands/role-pin.ts'),
  },
  {
    path: 'role unpin',
    summary: 'let a role go where its order says',
    load: () => import('../commands/role-unpin.ts'),
  },
  {
    path: 'role order',
    summary: 'say which servers shall hold a role first',
    load: () => import('../commands/role-order.ts'),
  },
  {
    path: 'role failback',
    summary: 'say whether a role goes back by itself',
    load: () => import('../commands/role-failback.ts'),
  },
  {
    path: 'role history',
    summary: 'show every change of the holder, and why',
    load: () => import('../commands/role-history.ts'),
  },

  {
    path: 'virtual-interface add',
    summary: 'define an address that moves between servers',
    load: () => import('../commands/virtual-interface-add.ts'),
  },
  {
    path: 'virtual-interface list',
    summary: 'list them',
    load: () => import('../commands/virtual-interface-list.ts'),
  },
  {
    path: 'virtual-interface remove',
    summary: 'remove one',
    load: () => import('../commands/virtual-interface-remove.ts'),
  },

  {
    path: 'context add',
    summary: 'remember a pool: its servers and your identity',
    load: () => import('../commands/context-add.ts'),
  },
  {
    path: 'context list',
    summary: 'list what is remembered',
    load: () => import('../commands/context-list.ts'),
  },
  {
    path: 'context use',
    summary: 'choose the pool that commands go to',
    load: () => import('../commands/context-use.ts'),
  },
  { path: 'context remove', summary: 'forget one', load: () => import('../commands/context-remove.ts') },

  {
    path: 'completion',
    summary: 'print a completion script for your shell',
    load: () => import('../commands/completion.ts'),
  },
  {
    path: 'complete',
    summary: 'answer the completion script',
    hidden: true,
    load: () => import('../commands/complete.ts'),
  },
  { path: 'version', summary: 'print the version', load: () => import('../commands/version.ts') },
];
