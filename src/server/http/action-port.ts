import type { Account } from '../../access/caller.ts';
import type {
  ActRequest,
  ActionAnswer,
  ActionDetail,
  ActionPage,
  ActionQuery,
  ActionRequest,
  OfferedAction,
  ToolDetail,
  ToolRequest,
} from '../../model/action-api.ts';
import type { AuditDraft } from '../../model/audit.ts';
import type { Removal } from '../../model/policy-api.ts';
import type { Scope } from '../../model/rights.ts';

/** Who asks, as the audit trail names it. */
export type AuditedBy = Omit<AuditDraft, 'action' | 'target' | 'detail' | 'outcome'>;

/** Tools, and what nodes are asked to do with them. */
export interface ActionPort {
  tools(): readonly ToolDetail[];
  /** Errors: WK_BAD_REQUEST, WK_CONFLICT (changed meanwhile), WK_COORDINATOR_AWAY. */
  setTool(name: string, request: ToolRequest, by: string): Promise<void>;
  /** Errors: WK_NOT_FOUND, WK_CONFLICT (changed meanwhile, in use), WK_COORDINATOR_AWAY. */
  removeTool(name: string, removal: Removal, by: string): Promise<void>;
  /**
   * Resolves when it is in the audit trail and on disk here, and on a second server or known to be at risk. Nodes that are
   * not asked are named in the answer and hinder nothing. Errors: WK_NOT_FOUND (the tool, the message, a group),
   * WK_BAD_REQUEST (a parameter, no node), WK_TOO_LARGE, WK_DISK_FULL.
   */
  ask(request: ActionRequest, by: Account, audited: AuditedBy): Promise<ActionAnswer>;
  /** What the policy that made the message offers to the caller; null where it offers nothing. */
  offered(message: string, by: Account): OfferedAction | null;
  /** Does it. Errors: as for `ask`; WK_NOT_FOUND also where nothing is offered. */
  act(message: string, request: ActRequest, by: Account, audited: AuditedBy): Promise<ActionAnswer>;
  /** The newest first. */
  page(query: ActionQuery, scope: Scope): ActionPage;
  /** With what it printed, behind the piece `after`; null when there is no such action in the scope. */
  detail(id: string, after: number, scope: Scope): ActionDetail | null;
}
