import type { CommandEntry } from './command-entry.ts';

/** Commands about who is who and who may do what, in the order of the help text. */
export const accessCommands: readonly CommandEntry[] = [
  {
    path: 'login',
    summary: 'sign in with name and password',
    load: () => import('../commands/login.ts'),
  },
  {
    path: 'logout',
    summary: 'end your session',
    load: () => import('../commands/logout.ts'),
  },
  {
    path: 'whoami',
    summary: 'show who you are and what you may do',
    load: () => import('../commands/whoami.ts'),
  },

  {
    path: 'user list',
    summary: 'list the users',
    load: () => import('../commands/user-list.ts'),
  },
  {
    path: 'user show',
    summary: 'show a user',
    load: () => import('../commands/user-show.ts'),
  },
  {
    path: 'user add',
    summary: 'add a user',
    load: () => import('../commands/user-add.ts'),
  },
  {
    path: 'user password',
    summary: 'set a password, your own by default',
    load: () => import('../commands/user-password.ts'),
  },
  {
    path: 'user link',
    summary: 'make a link with which a user sets its password',
    load: () => import('../commands/user-link.ts'),
  },
  {
    path: 'user role',
    summary: 'say which user roles a user has',
    load: () => import('../commands/user-role.ts'),
  },
  {
    path: 'user disable',
    summary: 'let a user do nothing any more',
    load: () => import('../commands/user-disable.ts'),
  },
  {
    path: 'user enable',
    summary: 'let a user in again',
    load: () => import('../commands/user-enable.ts'),
  },
  {
    path: 'user sign-out',
    summary: 'end all sessions of a user',
    load: () => import('../commands/user-sign-out.ts'),
  },
  {
    path: 'user remove',
    summary: 'remove a user',
    load: () => import('../commands/user-remove.ts'),
  },

  {
    path: 'user-role list',
    summary: 'list the user roles',
    load: () => import('../commands/user-role-list.ts'),
  },
  {
    path: 'user-role show',
    summary: 'show what a user role allows',
    load: () => import('../commands/user-role-show.ts'),
  },
  {
    path: 'user-role set',
    summary: 'define a user role',
    load: () => import('../commands/user-role-set.ts'),
  },
  {
    path: 'user-role remove',
    summary: 'remove a user role',
    load: () => import('../commands/user-role-remove.ts'),
  },

  {
    path: 'token create',
    summary: 'make a token for the API',
    load: () => import('../commands/token-create.ts'),
  },
  {
    path: 'token list',
    summary: 'list the tokens there are',
    load: () => import('../commands/token-list.ts'),
  },
  {
    path: 'token revoke',
    summary: 'make a token worthless',
    load: () => import('../commands/token-revoke.ts'),
  },

  {
    path: 'audit list',
    summary: 'list who did what, newest first',
    load: () => import('../commands/audit-list.ts'),
  },
  {
    path: 'audit verify',
    summary: 'check that nothing was removed from it or changed',
    load: () => import('../commands/audit-verify.ts'),
  },
];
