/** What lies where in a server's data folder; all of it 0600. */
export interface ServerPaths {
  readonly database: string;
  /** What was wrong with the database when the last run ended because of it. */
  readonly damageFound: string;
  /** This server's key, certificate and the authorities it believes (security/identity-file.ts). */
  readonly identity: string;
  /** The authority's certificate and private key: every server can enrol. */
  readonly authority: string;
  /** One that came by a rotation, by its fingerprint. */
  furtherAuthority(fingerprint: string): string;
  /** Who was revoked, as other servers said and the coordinator had not yet. */
  readonly revoked: string;
  /** What commands of this machine did, and how far that was taken into the audit trail. */
  readonly localCommands: string;
  readonly localCommandsTaken: string;
  /** Files of the depot, each called by its SHA-256; and since when some are unused. */
  readonly depot: string;
  readonly depotUnused: string;
  /** A snapshot while it comes in, and when it waits for the next start to be installed. */
  readonly snapshotIncoming: string;
  readonly snapshotReady: string;
  /** A snapshot of ours while it is sent to the server of that core ID. */
  snapshotOutgoing(coreId: string): string;
}

/** Of the names in a data folder: a key of an authority. */
export function isAuthorityFile(name: string): boolean {
  return /^authority(?:-[0-9a-f]{16})?\.pem$/.test(name);
}

export function serverPaths(data: string): ServerPaths {
  return {
    database: `${data}/watchkeeper.db`,
    damageFound: `${data}/damage-found`,
    identity: `${data}/identity.pem`,
    authority: `${data}/authority.pem`,
    furtherAuthority: (fingerprint) => `${data}/authority-${fingerprint.slice(0, 16)}.pem`,
    revoked: `${data}/revoked.json`,
    localCommands: `${data}/local-commands.jsonl`,
    localCommandsTaken: `${data}/local-commands.json`,
    depot: `${data}/depot`,
    depotUnused: `${data}/depot-unused.json`,
    snapshotIncoming: `${data}/snapshot.incoming`,
    snapshotReady: `${data}/snapshot.ready`,
    snapshotOutgoing: (coreId) => `${data}/snapshot.for-${coreId}`,
  };
}
