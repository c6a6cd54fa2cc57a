import type { CommandEntry } from './command-entry.ts';

/** Definitions as files, and what they were. */
export const configCommands: readonly CommandEntry[] = [
  {
    path: 'node label',
    summary: 'say what a node is, for rules of node groups',
    load: () => import('../commands/node-label.ts'),
  },

  {
    path: 'depot list',
    summary: 'show what is in the depot',
    load: () => import('../commands/depot-list.ts'),
  },
  {
    path: 'depot show',
    summary: 'show a file of the depot, who uses it, and which servers have it',
    load: () => import('../commands/depot-show.ts'),
  },
  {
    path: 'depot add',
    summary: 'put files into the depot, or change them',
    load: () => import('../commands/depot-add.ts'),
  },
  {
    path: 'depot get',
    summary: 'write a file of the depot to a file here',
    load: () => import('../commands/depot-get.ts'),
  },
  {
    path: 'depot remove',
    summary: 'take a file out of the depot that nothing uses',
    load: () => import('../commands/depot-remove.ts'),
  },

  {
    path: 'config export',
    summary: 'write every definition into a folder, one file each',
    load: () => import('../commands/config-export.ts'),
  },
  {
    path: 'config apply',
    summary: 'make the pool as the files of a folder say',
    load: () => import('../commands/config-apply.ts'),
  },
  {
    path: 'config diff',
    summary: 'show where the pool is not as the files say',
    load: () => import('../commands/config-diff.ts'),
  },
  {
    path: 'config history',
    summary: 'show who changed what, and when',
    load: () => import('../commands/config-history.ts'),
  },
  {
    path: 'config show',
    summary: 'show a definition, as it is or as it was',
    load: () => import('../commands/config-show.ts'),
  },
  {
    path: 'config rollback',
    summary: 'make a definition as it was',
    load: () => import('../commands/config-rollback.ts'),
  },
];
