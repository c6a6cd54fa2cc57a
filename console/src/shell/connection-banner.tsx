import { useEffect, useRef, useState, type JSX } from 'react';
import { poolStatus } from '../api/answers.ts';
import { usePolled } from '../api/polled.ts';
import { door } from '../browser/door.ts';
import { useStore } from '../browser/store.ts';
import { selection } from '../messages/selection.ts';
import { currentToken } from '../session/session.ts';
import { live, type Connection } from '../live/live-stream.ts';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';
import { goesOnAt, goOnAfterMs, handedOver, othersOf, type Elsewhere } from './go-on-elsewhere.ts';

/** A blink of a connection is not worth a word; a move of the virtual interface takes about this long. */
const calmMs = 700;
/** After this long the address itself may be what is gone. */
const offerOthersAfterMs = 8_000;
const backShownMs = 4_000;

/** Says calmly that the pool is not heard, since when, and what is being done about it; and that it is heard again. */
export function ConnectionBanner(): JSX.Element | null {
  const connection = useStore(live.connection);
  const nowMs = useNow(connection.mode === 'lost' ? 250 : null);
  const wasLost = useRef(false);
  const [isBack, setBack] = useState(false);
  const isShown = connection.mode === 'lost' && nowMs - connection.sinceMs > calmMs;
  useEffect(() => {
    if (isShown) wasLost.current = true;
    if (connection.mode !== 'live' || !wasLost.current) return;
    wasLost.current = false;
    setBack(true);
    const timer = door.after(backShownMs, () => setBack(false));
    return () => timer.cancel();
  }, [connection.mode, isShown]);

  if (isShown) return <Lost connection={connection} nowMs={nowMs} />;
  if (connection.mode === 'live' && isBack)
    return (
      <div className="banner is-back" role="status">
        {texts.connection.back}
      </div>
    );
  return null;
}

function Lost({
  connection,
  nowMs,
}: {
  readonly connection: Connection & { mode: 'lost' };
  readonly nowMs: number;
}): JSX.Element {
  const times = useTimes();
  const { value: status } = usePolled(poolStatus);
  const seconds = Math.ceil((connection.nextTryMs - nowMs) / 1_000);
  const here = new URL(window.location.href);
  const others = othersOf(status, here);
  const lostMs = nowMs - connection.sinceMs;
  const next = useGoingOn(goesOnAt(status, here), lostMs);
  const isLong = lostMs > offerOthersAfterMs;
  return (
    <div className="banner is-lost" role="status">
      <span className="dot" aria-hidden="true" />
      <span>
        {texts.connection.lost(times.clock(connection.sinceMs))} {texts.connection.kept}
      </span>
      <span className="banner-next" aria-hidden="true">
        {texts.connection.next(seconds)}
      </span>
      <button type="button" className="button small" onClick={() => live.tryNow()}>
        {texts.connection.tryNow}
      </button>
      {isLong && others.length > 0 && (
        <span className="banner-others">
          {texts.connection.others}{' '}
          {others.map(({ name, href }) => (
            <a
              key={name}
              href={href}
              onClick={(event) => {
                event.preventDefault();
                goTo(href);
              }}
            >
              {name}
            </a>
          ))}
        </span>
      )}
      {isLong && next !== null && (
        <span className="banner-others">
          {texts.connection.goingOn(next.name, Math.max(0, Math.ceil((goOnAfterMs - lostMs) / 1_000)))}{' '}
          <button type="button" className="button small" onClick={next.stay}>
            {texts.connection.stay}
          </button>
        </span>
      )}
    </div>
  );
}

/** Where there is no address that comes back, the page goes to a server that was well; never away from an open form. */
function useGoingOn(
  there: Elsewhere | null,
  lostMs: number,
): { readonly name: string; readonly stay: () => void } | null {
  const [isStaying, setStaying] = useState(false);
  const isDue = lostMs > goOnAfterMs && !isStaying && there !== null;
  const href = there?.href ?? null;
  useEffect(() => {
    if (!isDue || href === null || !window.navigator.onLine) return;
    if (document.querySelector('dialog[open]') === null) goTo(href);
  }, [isDue, href]);
  return there === null || isStaying ? null : { name: there.name, stay: () => setStaying(true) };
}

function goTo(href: string): void {
  window.location.assign(handedOver(href, currentToken(), [...selection.get()]));
}

/** The time now, again and again; null: it stands still. */
function useNow(everyMs: number | null): number {
  const [nowMs, setNow] = useState(door.nowMs);
  useEffect(() => {
    if (everyMs === null) return;
    setNow(door.nowMs());
    const timer = door.every(everyMs, () => setNow(door.nowMs()));
    return () => timer.cancel();
  }, [everyMs]);
  return nowMs;
}
