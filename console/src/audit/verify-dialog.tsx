import { useEffect, useState, type JSX } from 'react';
import { auditVerdictSchema, type AuditVerdict } from '../../../src/model/audit.ts';
import { textOf } from '../../../src/model/errors.ts';
import { ask } from '../api/api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { texts } from '../texts.ts';

const t = texts.audit;
/** Every record is read and hashed. */
const verifyMsMax = 120_000;

export function VerifyDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [verdict, setVerdict] = useState<AuditVerdict | string | null>(null);
  useEffect(() => {
    const ending = new AbortController();
    const options = { signal: ending.signal, timeoutMs: verifyMsMax };
    ask('/api/v1/audit/verify', auditVerdictSchema, options).then(setVerdict, (error: unknown) => {
      if (!ending.signal.aborted) setVerdict(t.failed(textOf(error)));
    });
    return () => ending.abort();
  }, []);
  return (
    <Dialog title={t.verifyTitle} onClose={onClose}>
      <div className="dialog-body">
        {verdict === null && <p role="status">{t.verifying}</p>}
        {typeof verdict === 'string' && (
          <p className="fault-text" role="alert">
            {verdict}
          </p>
        )}
        {verdict !== null && typeof verdict === 'object' && <Verdict verdict={verdict} />}
        <p className="faint">{t.compare}</p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {texts.close}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function Verdict({ verdict: { chains, server } }: { readonly verdict: AuditVerdict }): JSX.Element {
  const broken = chains.filter((chain) => chain.broken !== null);
  const records = chains.reduce((sum, chain) => sum + chain.records, 0);
  const runs = new Map<string, number>();
  return (
    <>
      <p className={broken.length > 0 ? 'fault-text' : undefined} role="status">
        {broken.length === 0 ? t.whole(records, server) : t.broken(broken.length)}
      </p>
      <ul className="preview">
        {chains.map((chain) => {
          const at = (runs.get(chain.server) ?? 0) + 1;
          runs.set(chain.server, at);
          return (
            <li key={chain.origin}>
              <b>{t.runOf(chain.server, at)}</b>:{' '}
              {chain.broken === null
                ? t.chainWhole(chain.records)
                : t.chainBroken(chain.broken.number, chain.broken.because)}
            </li>
          );
        })}
      </ul>
    </>
  );
}
