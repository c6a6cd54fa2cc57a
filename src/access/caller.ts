import type { SessionClaims } from './session-token.ts';
import type { CallerKind } from '../model/permissions.ts';
import type { Rights } from '../model/rights.ts';
import type { Uuid } from '../model/uuid.ts';

/** Somebody that the pool knows, with what it may do as of now. */
export interface Account {
  /** Goes into what it does to messages, and into the audit trail. */
  readonly name: string;
  /** Core ID; null for a service token. */
  readonly coreId: Uuid | null;
  readonly rights: Rights;
}

/** Who makes a request. */
export interface Caller extends Account {
  readonly kind: CallerKind;
  /** The session that it came with; null for a certificate and for a service token. */
  readonly session: SessionClaims | null;
  /** Whether that came by itself, as a browser sends cookies. */
  readonly byCookie: boolean;
}
