import { useEffect, useState, type JSX } from 'react';
import { historySchema, type DefinitionKind, type HistoryEntry } from '../../../src/model/config.ts';
import { textOf } from '../../../src/model/errors.ts';
import { ask } from '../api/api.ts';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';

const t = texts.configuration;

interface Props {
  readonly kind: DefinitionKind;
  readonly name: string;
  /** Of what is there; another one means that there is more to read. */
  readonly revision: number;
  readonly bringBack: (revision: number) => void;
}

/** Who changed it when and how, the newest first; any earlier state can be brought back as a draft. */
export function DefinitionHistory({ kind, name, revision, bringBack }: Props): JSX.Element {
  const [entries, setEntries] = useState<readonly HistoryEntry[] | string | null>(null);
  const times = useTimes();
  useEffect(() => {
    const ending = new AbortController();
    const query = new URLSearchParams({ kind, name, limit: '100' });
    ask(`/api/v1/config/history?${query}`, historySchema, { signal: ending.signal }).then(
      ({ changes }) => setEntries(changes),
      (error: unknown) => {
        if (!ending.signal.aborted) setEntries(t.historyFailed(textOf(error)));
      },
    );
    return () => ending.abort();
  }, [kind, name, revision]);
  if (entries === null) return <p className="faint">{texts.loading}</p>;
  if (typeof entries === 'string')
    return (
      <p className="fault-text" role="alert">
        {entries}
      </p>
    );
  if (entries.length === 0) return <p className="faint">{t.historyEmpty}</p>;
  return (
    <ol className="versions" aria-label={t.history}>
      {entries.map((entry) => (
        <li key={entry.revision}>
          <div className="version-head">
            <b>{t.what[entry.what]}</b>
            <span>{t.by(entry.by, entry.via)}</span>
            <time className="faint">{times.full(entry.atMs).slice(0, 19)}</time>
            {entry.what !== 'removed' && entry.revision !== revision && (
              <button
                type="button"
                className="button small"
                aria-label={`${t.bringBack} ${t.revision(entry.revision)}`}
                onClick={() => bringBack(entry.revision)}
              >
                {t.bringBack}
              </button>
            )}
          </div>
          {entry.changes.map((change) => (
            <code key={change} className="breaks">
              {change}
            </code>
          ))}
        </li>
      ))}
    </ol>
  );
}
