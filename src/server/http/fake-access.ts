import type { AuditDraft } from '../../model/audit.ts';
import { WatchError } from '../../model/errors.ts';
import type { AccessApi } from './access-api.ts';

/** Keeps what would go into the audit trail; has no users and knows no session. For tests of the routes. */
export class FakeAccess implements AccessApi {
  readonly recorded: AuditDraft[] = [];
  readonly refused: Omit<AuditDraft, 'outcome'>[] = [];

  session(): null {
    return null;
  }
  isDoubted(): boolean {
    return false;
  }

  async renew(): Promise<null> {
    return null;
  }
  async signIn(): Promise<never> {
    throw new WatchError('WK_UNAUTHENTICATED', 'the name or the password is wrong');
  }
  async signOut(): Promise<void> {}
  async setup(): Promise<never> {
    throw new WatchError('WK_TOKEN_UNKNOWN');
  }
  async changeOwnPassword(): Promise<never> {
    throw new WatchError('WK_DENIED');
  }
  describe(): { displayName: string; roles: [] } {
    return { displayName: '', roles: [] };
  }
  users(): [] {
    return [];
  }
  async createUser(): Promise<never> {
    throw new WatchError('WK_CONFLICT');
  }
  async changeUser(): Promise<never> {
    throw new WatchError('WK_NOT_FOUND');
  }
  async removeUser(): Promise<never> {
    throw new WatchError('WK_NOT_FOUND');
  }
  userRoles(): [] {
    return [];
  }
  async setUserRole(): Promise<never> {
    throw new WatchError('WK_CONFLICT');
  }
  async removeUserRole(): Promise<never> {
    throw new WatchError('WK_NOT_FOUND');
  }
  async tokens(): Promise<[]> {
    return [];
  }
  async createToken(): Promise<never> {
    throw new WatchError('WK_CONFLICT');
  }
  async revokeToken(): Promise<never> {
    throw new WatchError('WK_NOT_FOUND');
  }
  sessions(): [] {
    return [];
  }
  async endSession(): Promise<never> {
    throw new WatchError('WK_NOT_FOUND');
  }
  async record(draft: AuditDraft): Promise<void> {
    this.recorded.push(draft);
  }
  denied(draft: Omit<AuditDraft, 'outcome'>): void {
    this.refused.push(draft);
  }
  audit(): { records: []; next: null } {
    return { records: [], next: null };
  }
  async verifyAudit(): Promise<{ server: string; positions: Record<string, number>; chains: [] }> {
    return { server: 'm1', positions: {}, chains: [] };
  }
}
