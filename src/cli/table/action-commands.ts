import type { CommandEntry } from './command-entry.ts';

/** Tools, and what nodes are asked to do with them. */
export const actionCommands: readonly CommandEntry[] = [
  {
    path: 'tool list',
    summary: 'programs that may be run on nodes',
    load: () => import('../commands/tool-list.ts'),
  },
  {
    path: 'tool show',
    summary: 'print a tool as its author wrote it',
    load: () => import('../commands/tool-show.ts'),
  },
  {
    path: 'tool set',
    summary: 'define tools from files',
    load: () => import('../commands/tool-set.ts'),
  },
  {
    path: 'tool remove',
    summary: 'remove a tool',
    load: () => import('../commands/tool-remove.ts'),
  },
  {
    path: 'tool run',
    summary: 'run a tool on nodes',
    load: () => import('../commands/tool-run.ts'),
  },
  {
    path: 'action list',
    summary: 'what nodes were asked to do, and what became of it',
    load: () => import('../commands/action-list.ts'),
  },
  {
    path: 'action show',
    summary: 'one action, and what it printed',
    load: () => import('../commands/action-show.ts'),
  },
];
