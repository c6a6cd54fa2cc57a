import type { AuditChain, AuditVerdict } from '../../model/audit.ts';

/**
 * What is wrong with the audit trail, as sentences: what a server finds in its own copy, and where the copies of one
 * run's trail differ. A copy that is behind because its server has not got the journal so far is none.
 */
export function compareTrails(verdicts: readonly AuditVerdict[]): string[] {
  const faults: string[] = [];
  for (const { server, chains } of verdicts)
    for (const { origin, server: of, broken } of chains)
      if (broken !== null)
        faults.push(`on ${server}: record ${broken.number} of ${of} (${origin}): ${broken.because}`);
  const origins = new Set(verdicts.flatMap(({ chains }) => chains.map(({ origin }) => origin)));
  for (const origin of origins) {
    const copies = verdicts.map((verdict) => ({
      verdict,
      chain: verdict.chains.find((one) => one.origin === origin),
    }));
    const longest = copies.reduce(
      (best, { chain }) => ((chain?.last ?? 0) > (best?.last ?? 0) ? chain : best),
      copies[0]?.chain,
    );
    if (longest === undefined) continue;
    for (const { verdict, chain } of copies) {
      const fault = faultOf(verdict, chain, longest);
      if (fault !== null) faults.push(fault);
    }
  }
  return faults;
}

function faultOf(
  { server, positions }: AuditVerdict,
  chain: AuditChain | undefined,
  longest: AuditChain,
): string | null {
  const { origin, server: of, last, seq, head } = longest;
  const mine = chain?.last ?? 0;
  if (mine === last)
    return chain?.head === head || chain?.broken
      ? null
      : `on ${server}: record ${last} of ${of} (${origin}) differs from the copies of other servers`;
  // It has the journal as far as the last record, but not the record.
  if ((positions[origin] ?? 0) >= seq)
    return mine + 1 === last
      ? `on ${server}: record ${last} of ${of} (${origin}) was removed`
      : `on ${server}: records ${mine + 1} to ${last} of ${of} (${origin}) were removed`;
  return null;
}
