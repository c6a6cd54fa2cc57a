import { hash } from 'node:crypto';
import { auditBegin, auditRecordSchema, type AuditChain } from '../model/audit.ts';
import { coreIdOfOrigin, type Origin } from '../model/origin.ts';
import { parseJson } from '../model/parse-json.ts';

export interface ChainedRow {
  readonly origin: Origin;
  readonly number: number;
  readonly seq: number;
  readonly text: string;
  readonly hash: string;
}

interface Open {
  readonly origin: Origin;
  readonly first: string;
  records: number;
  last: number;
  seq: number;
  head: string;
  broken: AuditChain['broken'];
}

/**
 * Walks the trails of all runs of all servers, rows of one origin together and in order. A record that was removed
 * leaves a gap, one that was edited another hash than the next one holds; a run whose end was cut off is missed by the
 * run of the same server that came after it. What is cut off at the very end shows against the other servers.
 */
export async function verifyAudit(
  pages: AsyncIterable<readonly ChainedRow[]>,
  serverName: (origin: Origin) => string,
): Promise<AuditChain[]> {
  const chains: Open[] = [];
  let open: Open | null = null;
  for await (const page of pages)
    for (const row of page) {
      if (open?.origin !== row.origin) {
        open = begin(row);
        chains.push(open);
      }
      open.broken ??= wrongWith(row, open);
      open.records++;
      open.last = row.number;
      open.seq = row.seq;
      open.head = hash('sha256', row.text);
    }
  for (const chain of chains) chain.broken ??= wrongBegin(chain, chains);
  return chains.map(({ first: _first, ...chain }) => ({ ...chain, server: serverName(chain.origin) }));
}

function begin({ origin, text }: ChainedRow): Open {
  const first = previousOf(text) ?? '';
  return { origin, first, records: 0, last: 0, seq: 0, head: first, broken: null };
}

function wrongWith(row: ChainedRow, { last, head }: Open): AuditChain['broken'] {
  const { number, text } = row;
  if (number !== last + 1) return { number: last + 1, because: 'it was removed' };
  const parsed = auditRecordSchema.safeParse(parseJson(text));
  const isAltered = !parsed.success || parsed.data.number !== number || hash('sha256', text) !== row.hash;
  if (isAltered) return { number, because: 'it was altered' };
  if (parsed.data.previous !== head)
    return { number: Math.max(1, last), because: 'it was altered or replaced' };
  return null;
}

/** The first record holds the hash that the run before ended with; a server that knew of none began anew. */
function wrongBegin({ origin, first }: Open, chains: readonly Open[]): AuditChain['broken'] {
  if (first === auditBegin) return null;
  const server = coreIdOfOrigin(origin);
  const isKnown = chains.some((other) => other.head === first && coreIdOfOrigin(other.origin) === server);
  return isKnown
    ? null
    : { number: 1, because: 'the records before it, of an earlier run, are missing or altered' };
}

function previousOf(text: string): string | null {
  const parsed = auditRecordSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data.previous : null;
}
