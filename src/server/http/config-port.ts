import type { Account } from '../../access/caller.ts';
import type {
  ConfigChange,
  ConfigPage,
  ConfigPreview,
  DefinitionRevision,
  HistoryEntry,
  HistoryQuery,
  PreviewRequest,
  RevisionQuery,
} from '../../model/config.ts';

/**
 * Definitions of every kind that people write. What the caller has no right to is left out of pages and lists, and is
 * WK_DENIED where it is asked for.
 */
export interface ConfigPort {
  /** In the order of kinds and names, from the one behind `after` on. */
  page(after: string | undefined, by: Account): ConfigPage;
  /**
   * All of them or none; resolves with the revision when this server reads it so. Errors: WK_BAD_REQUEST (what is wrong
   * with it), WK_CONFLICT (changed meanwhile, in use, a circle), WK_TOO_LARGE, WK_COORDINATOR_AWAY.
   */
  apply(
    changes: readonly ConfigChange[],
    by: Account,
    options: { readonly via: string; readonly hold: boolean },
  ): Promise<number>;
  /** What is wrong with a definition that is being written, and what it would change; nothing is kept. */
  preview(request: PreviewRequest, by: Account): ConfigPreview;
  /** The newest first. */
  history(query: HistoryQuery, by: Account): readonly HistoryEntry[];
  /** Errors: WK_NOT_FOUND. */
  revision(query: RevisionQuery, by: Account): DefinitionRevision;
}
