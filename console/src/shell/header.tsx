import { useEffect, useRef, type JSX } from 'react';
import { consolePages } from '../../../src/model/console-pages.ts';
import { poolStatus } from '../api/answers.ts';
import { usePolled } from '../api/polled.ts';
import { useStore } from '../browser/store.ts';
import { live } from '../live/live-stream.ts';
import markUrl from '../mark.svg?url&no-inline';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { useTimes } from '../settings/times.ts';
import { texts } from '../texts.ts';

const pages = ['overview', 'messages', 'pool', 'nodes', 'configuration', 'users', 'audit'] as const;

interface Props {
  readonly path: string;
  readonly openHelp: () => void;
  readonly openDisplay: () => void;
}

export function Header({ path, openHelp, openDisplay }: Props): JSX.Element {
  const { value: status } = usePolled(poolStatus);
  const { offset } = useTimes();
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow screen not every page's link is in sight.
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [path]);
  return (
    <header className="header">
      <Link to={consolePages.overview} className="brand">
        <img src={markUrl} alt="" width="22" height="22" />
        <span className="brand-name">{texts.product}</span>
        {status !== null && <span className="brand-pool">{status.pool.name}</span>}
      </Link>
      <nav className="nav" ref={nav} aria-label={texts.nav.label}>
        {pages.map((page) => (
          <Link
            key={page}
            to={consolePages[page]}
            aria-current={isAt(path, consolePages[page]) ? 'page' : undefined}
          >
            {texts.nav[page]}
          </Link>
        ))}
      </nav>
      <div className="header-end">
        {status?.atRisk.is === true && (
          <Link
            to={consolePages.pool}
            className="pill is-risk"
            title={texts.header.atRiskBecause(status.atRisk.because)}
          >
            <Icon name="alert" />
            {texts.header.atRisk}
          </Link>
        )}
        <ConnectionPill server={status?.server.name ?? null} />
        <button
          type="button"
          className="button quiet"
          aria-label={texts.header.display}
          title={texts.header.display}
          onClick={openDisplay}
        >
          <Icon name="display" />
          <span className="offset">{offset}</span>
        </button>
        <button
          type="button"
          className="button quiet icon-only"
          aria-label={texts.header.help}
          title={texts.header.help}
          aria-keyshortcuts="?"
          onClick={openHelp}
        >
          <kbd>?</kbd>
        </button>
      </div>
    </header>
  );
}

function ConnectionPill({ server }: { readonly server: string | null }): JSX.Element {
  const { mode } = useStore(live.connection);
  const text = mode === 'live' ? texts.header.live(server) : texts.header[mode];
  return (
    <span className={`pill is-${mode}`} role="status">
      <span className="dot" aria-hidden="true" />
      {text}
    </span>
  );
}

function isAt(path: string, page: string): boolean {
  return page === '/' ? path === '/' : path === page || path.startsWith(`${page}/`);
}
