import type { JSX } from 'react';
import type { MessageSharing, SharedFrom, SharedTo } from '../../../src/model/sharing.ts';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';

const t = texts.sharing;

/** From which pool the message came, to which others it went, why, and who is in charge of it; nothing where no other has it. */
export function MessageSharingList({
  sharing,
}: {
  readonly sharing: MessageSharing | undefined;
}): JSX.Element | null {
  if (sharing === undefined) return null;
  const { from, to, control } = sharing;
  const names = new Map([...to, ...(from ? [from] : [])].map(({ pool, poolName }) => [pool, poolName]));
  return (
    <>
      <h2>{t.title}</h2>
      <ul className="history">
        {from !== null && <CameFrom from={from} />}
        {to.map((one) => (
          <SentTo key={`${one.pool} ${one.server} ${one.epoch}`} to={one} />
        ))}
        {to.length === 0 && <li className="faint">{t.nowhere}</li>}
      </ul>
      <p className="faint">{t.control(control === null ? null : (names.get(control) ?? control))}</p>
    </>
  );
}

function CameFrom({ from }: { readonly from: SharedFrom }): JSX.Element {
  return (
    <li>
      <p>
        <strong>{t.cameFrom(from.poolName)}</strong> {shareText(from)}
        {from.path.length > 1 && `, ${t.through(from.path.length)}`}
      </p>
      <p className="faint">{from.because}</p>
    </li>
  );
}

function SentTo({ to }: { readonly to: SharedTo }): JSX.Element {
  const times = useTimes();
  return (
    <li className={to.void ? 'is-void' : undefined}>
      <time>{times.full(to.atMs)}</time>
      <p>
        <strong>{t.sentTo(to.poolName, to.server)}</strong> {shareText(to)}
      </p>
      <p className={to.state === 'refused' ? 'fault-text' : undefined}>
        {t.states[to.state]}
        {to.text !== null && `: ${to.text}`}
      </p>
      <p className="faint">
        {to.because}; {t.decided(to.epoch)}
        {to.void && `; ${t.void}`}
      </p>
    </li>
  );
}

function shareText({ share, acknowledge }: Pick<SharedTo, 'share' | 'acknowledge'>): string {
  return t.share[share === 'notify' && acknowledge ? 'acknowledge' : share];
}
