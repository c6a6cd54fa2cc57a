import type { Account } from '../../access/caller.ts';
import type { SessionClaims } from '../../access/session-token.ts';
import type { AuditDraft, AuditPage, AuditQuery, AuditVerdict } from '../../model/audit.ts';
import type {
  OwnPassword,
  SetupRequest,
  SignInRequest,
  SessionView,
  TokenCreate,
  TokenView,
  UserAnswer,
  UserCreate,
  UserRequest,
  UserRoleBody,
  UserRoleView,
  UserView,
} from '../../model/users-api.ts';
import type { UserRole } from '../../model/users.ts';
import type { Uuid } from '../../model/uuid.ts';

export interface SignedInUser {
  readonly account: Account;
  readonly claims: SessionClaims;
  /** The session as text: a secret. */
  readonly text: string;
}

/** What the routes need to know who may do what, and to say so. Errors of the changes: as `access/users.ts` says. */
export interface AccessApi {
  /** Null when the text is no session, or one that is over. `mayIdle`: for what is being used all the time. */
  session(
    text: string,
    mayIdle: boolean,
  ): { readonly account: Account; readonly claims: SessionClaims } | null;
  /** Whether a certificate of that user counts no more for now (access/doubted-users.ts). */
  isDoubted(coreId: Uuid): boolean;
  /** The session for another while; null as long as that would change little. */
  renew(claims: SessionClaims): Promise<string | null>;
  /** Errors: WK_UNAUTHENTICATED, the same for every cause; WK_OVERLOADED. */
  signIn(request: SignInRequest, from: string): Promise<SignedInUser>;
  signOut(claims: SessionClaims): Promise<void>;
  /** Uses a setup link up. Errors: WK_TOKEN_UNKNOWN, WK_TOKEN_EXPIRED, WK_BAD_REQUEST, WK_CONFLICT. */
  setup(request: SetupRequest, from: string): Promise<SignedInUser>;
  /** A new session, since the old ones end with the old password. */
  changeOwnPassword(
    caller: Account,
    request: OwnPassword,
    from: string,
    mayIdle: boolean,
  ): Promise<SignedInUser>;

  /** Display name and roles, for people to read. */
  describe(caller: Account): { readonly displayName: string; readonly roles: readonly string[] };
  users(): readonly UserView[];
  createUser(request: UserCreate, by: string): Promise<UserAnswer>;
  changeUser(name: string, request: UserRequest, by: string): Promise<UserAnswer>;
  removeUser(name: string, by: string): Promise<void>;
  userRoles(): readonly UserRoleView[];
  setUserRole(name: string, body: UserRoleBody, by: string): Promise<UserRole>;
  removeUserRole(name: string, by: string): Promise<void>;

  /** Service tokens, the oldest first. Errors: WK_COORDINATOR_AWAY. */
  tokens(): Promise<readonly TokenView[]>;
  /** The token's text, which nobody can be shown again. Errors: WK_BAD_REQUEST (a role), WK_CONFLICT (the name is taken). */
  createToken(request: TokenCreate): Promise<string>;
  /** Errors: WK_NOT_FOUND. */
  revokeToken(name: string): Promise<void>;
  /** Those that are not over, the newest first. */
  sessions(): readonly SessionView[];
  /** Ends somebody's session on every server. Errors: WK_NOT_FOUND. */
  endSession(id: string): Promise<void>;

  /** Resolves when the record is on disk: await it before what it tells of takes effect. */
  record(draft: AuditDraft): Promise<void>;
  /** Something was refused; written down within limits. */
  denied(draft: Omit<AuditDraft, 'outcome'>): void;
  audit(query: AuditQuery): AuditPage;
  verifyAudit(): Promise<AuditVerdict>;
}
