import type { Repository } from './repository.ts';

/** A rule of the repository: every finding is one line that says where and what to do. */
export interface Rule {
  readonly name: string;
  check(repository: Repository): string[];
}
