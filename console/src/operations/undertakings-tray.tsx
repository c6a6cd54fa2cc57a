import { useEffect, type JSX } from 'react';
import { door } from '../browser/door.ts';
import { useStore } from '../browser/store.ts';
import { Icon } from '../parts/icon.tsx';
import { texts } from '../texts.ts';
import { dismiss, repeat, undertakings, type Undertaking } from './operations.ts';

const t = texts.undertakings;
/** What was done as asked goes by itself; anything else stays until somebody has seen it. */
const shownMs = 5_000;

export function UndertakingsTray(): JSX.Element {
  const all = useStore(undertakings);
  return (
    <section className="tray" aria-label={t.label} role="log">
      {all.map((one) => (
        <Entry key={one.key} one={one} />
      ))}
    </section>
  );
}

function Entry({ one }: { readonly one: Undertaking }): JSX.Element {
  const { key, kind, messages, mode, failures } = one;
  const goesAway = mode === 'done' && failures.length === 0;
  useEffect(() => {
    if (!goesAway) return;
    const timer = door.after(shownMs, () => dismiss(key));
    return () => timer.cancel();
  }, [goesAway, key]);
  const done = messages.length - failures.length;
  return (
    <article className={`tray-entry is-${mode}${failures.length > 0 ? ' has-failures' : ''}`}>
      <p className="tray-title">
        {mode === 'sending' && `${t.sending[kind]} ${t.ofMessages(messages.length)} …`}
        {mode === 'done' && done > 0 && `${t.done[kind]} ${t.ofMessages(done)}`}
        {mode === 'done' && done === 0 && t.refused}
        {mode === 'refused' && `${t.refused}: ${texts.actions[kind]}, ${t.ofMessages(messages.length)}`}
        {mode === 'unknown' && `${t.unknown}: ${texts.actions[kind]}, ${t.ofMessages(messages.length)}`}
      </p>
      {mode !== 'sending' && (
        <button
          type="button"
          className="button quiet small icon-only"
          aria-label={t.dismiss}
          onClick={() => dismiss(key)}
        >
          <Icon name="close" />
        </button>
      )}
      <Details one={one} />
    </article>
  );
}

function Details({ one }: { readonly one: Undertaking }): JSX.Element | null {
  const { key, mode, failures, copies, because } = one;
  if (mode === 'unknown')
    return (
      <div className="tray-details">
        <p>{because}</p>
        <p>{t.unknownHint}</p>
        <button type="button" className="button small" onClick={() => void repeat(key)}>
          {t.repeat}
        </button>
      </div>
    );
  if (mode === 'refused') return <p className="tray-details">{because}</p>;
  if (mode === 'sending') return null;
  return (
    <div className="tray-details">
      {copies !== null && copies > 0 && <p>{t.copies(copies)}</p>}
      {failures.length > 0 && (
        <details>
          <summary>{t.notDone(failures.length)}</summary>
          <ul>
            {failures.slice(0, 50).map(({ message, because }) => (
              <li key={message}>
                <code>{message.slice(-12)}</code> {because}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
