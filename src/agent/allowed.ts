import { matchesGlob } from '../model/glob.ts';
import { isPlainPath } from '../model/tool.ts';
import type { AgentConfig } from './config.ts';

/**
 * Why this node does not let the pool start that program, by its own configuration, which no server can widen; null when it
 * does. A path that goes back up (`/usr/lib/plugins/../../bin/sh`) would fit what it only pretends to be.
 */
export function whyNotProgram({ programs }: Pick<AgentConfig, 'programs'>, program: string): string | null {
  if (!isPlainPath(program)) return `${program} is no plain path: without //, /./ and /../`;
  if (programs?.some((pattern) => matchesGlob(pattern, program)) ?? true) return null;
  return `this node lets the pool run only what "programs" of its configuration lists, and ${program} is not in it`;
}

/** The same for whom a program may run as; null is the agent's own user, whom the pool always may name. */
export function whyNotUser({ users }: Pick<AgentConfig, 'users'>, user: string | null): string | null {
  if (user === null || (users?.includes(user) ?? true)) return null;
  return `this node lets the pool run programs only as whom "users" of its configuration lists, and ${user} is not in it`;
}
