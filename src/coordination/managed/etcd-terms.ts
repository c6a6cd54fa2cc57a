import { z } from 'zod';
import type { Files } from '../../runtime/files.ts';
import type { EtcdFilePaths } from './etcd-files.ts';

/**
 * On which terms a member of etcd takes connections. etcd reads whom to believe when it starts and never again, and whom to
 * refuse at each new connection: what is open goes on.
 */
export interface EtcdTerms {
  /** Fingerprints of authorities. */
  readonly believes: readonly string[];
  /** Core IDs of servers and witnesses that were revoked. */
  readonly refuses: readonly string[];
}

const termsSchema = z.object({ believes: z.array(z.string()), refuses: z.array(z.string()) });

/** Those of the member that runs here; null where nobody wrote them down. */
export async function readTerms(
  files: Pick<Files, 'status' | 'readText'>,
  { terms }: Pick<EtcdFilePaths, 'terms'>,
): Promise<EtcdTerms | null> {
  if ((await files.status(terms)) === null) return null;
  const parsed = termsSchema.safeParse(JSON.parse(await files.readText(terms, 1_048_576)));
  return parsed.success ? parsed.data : null;
}

export function writeTerms(
  files: Pick<Files, 'writeAtomic'>,
  { terms }: Pick<EtcdFilePaths, 'terms'>,
  { believes, refuses }: EtcdTerms,
): Promise<void> {
  return files.writeAtomic(terms, `${JSON.stringify({ believes, refuses })}\n`, 0o600);
}

/**
 * What a member that runs on these terms lacks: `connections` that were opened before somebody was revoked have to end; for
 * other authorities it has to start anew.
 */
export function whatIsBehind(
  running: EtcdTerms | null,
  wanted: EtcdTerms,
): 'nothing' | 'connections' | 'authorities' {
  if (running === null) return 'authorities';
  if (running.believes.toSorted().join() !== wanted.believes.toSorted().join()) return 'authorities';
  return wanted.refuses.every((coreId) => running.refuses.includes(coreId)) ? 'nothing' : 'connections';
}

/**
 * Whether a member may stop for a moment: those that are well have a majority without it. The only one may, since it is a
 * second without etcd or never.
 */
export function mayStop(others: readonly bigint[], well: ReadonlySet<bigint>): boolean {
  const majority = Math.floor((others.length + 1) / 2) + 1;
  return others.length === 0 || others.filter((id) => well.has(id)).length >= majority;
}
