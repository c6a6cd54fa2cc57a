import { lazy, Suspense, useEffect, useRef, useState, type ComponentType, type JSX } from 'react';
import { consolePages } from '../../src/model/console-pages.ts';
import { door } from './browser/door.ts';
import { place } from './browser/place.ts';
import { useStore } from './browser/store.ts';
import { MessagesPage } from './messages/messages-page.tsx';
import { UndertakingsTray } from './operations/undertakings-tray.tsx';
import { Blank } from './parts/blank.tsx';
import { FaultBoundary } from './parts/fault-boundary.tsx';
import { session } from './session/session.ts';
import { SetupPage } from './session/setup-page.tsx';
import { SignIn } from './session/sign-in.tsx';
import { ConnectionBanner } from './shell/connection-banner.tsx';
import { DisplayDialog } from './shell/display-dialog.tsx';
import { Header } from './shell/header.tsx';
import { HelpDialog } from './shell/help-dialog.tsx';
import { usePageKeys } from './shell/use-page-keys.ts';
import { texts } from './texts.ts';

/**
 * Pages of their own files, so that the messages come sooner. They are all fetched once the first page stands: while no
 * server answers, one can go to each of them all the same.
 */
const laterPages = {
  overview: async () => (await import('./overview/overview-page.tsx')).OverviewPage,
  pool: async () => (await import('./pool/pool-page.tsx')).PoolPage,
  nodes: async () => (await import('./nodes/nodes-page.tsx')).NodesPage,
  configuration: async () => (await import('./configuration/configuration-page.tsx')).ConfigurationPage,
  users: async () => (await import('./access/users-page.tsx')).UsersPage,
  audit: async () => (await import('./audit/audit-page.tsx')).AuditPage,
} as const satisfies Record<string, () => Promise<ComponentType>>;

const loadAgainMs = 1_000;

function later(load: () => Promise<ComponentType>): ComponentType {
  return lazy(async () => {
    for (;;)
      try {
        return { default: await load() };
      } catch {
        // No server answers; the banner says so.
        await door.sleep(loadAgainMs);
      }
  });
}

const OverviewPage = later(laterPages.overview);
const PoolPage = later(laterPages.pool);
const NodesPage = later(laterPages.nodes);
const ConfigurationPage = later(laterPages.configuration);
const UsersPage = later(laterPages.users);
const AuditPage = later(laterPages.audit);

/** Behind `#` of a setup link, kept in memory alone. */
const setupSecret = window.location.hash.slice(1);

export function App(): JSX.Element {
  const who = useStore(session);
  const { path } = useStore(place);
  // Once somebody was signed in the page stays, also while they have to sign in anew.
  const wasSignedIn = useRef(false);
  if (who.mode === 'signed in') wasSignedIn.current = true;
  if (path === consolePages.setup && setupSecret !== '') return <SetupPage secret={setupSecret} />;
  return (
    <>
      {wasSignedIn.current && <Shell />}
      {who.mode !== 'signed in' && <SignIn />}
    </>
  );
}

function Shell(): JSX.Element {
  const [dialog, setDialog] = useState<'help' | 'display' | null>(null);
  const { path } = useStore(place);
  usePageKeys(() => setDialog('help'));
  useEffect(() => void fetchLaterPages(), []);
  const close = (): void => setDialog(null);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {texts.skip}
      </a>
      <Header path={path} openHelp={() => setDialog('help')} openDisplay={() => setDialog('display')} />
      <ConnectionBanner />
      <main id="main" tabIndex={-1}>
        <FaultBoundary key={path.split('/')[1]}>
          <Suspense fallback={<Blank icon="search" title={texts.loading} />}>{pageOf(path)}</Suspense>
        </FaultBoundary>
      </main>
      <UndertakingsTray />
      {dialog === 'help' && <HelpDialog onClose={close} />}
      {dialog === 'display' && <DisplayDialog onClose={close} />}
    </div>
  );
}

function pageOf(path: string): JSX.Element {
  if (path === consolePages.pool) return <PoolPage />;
  if (path === consolePages.nodes) return <NodesPage />;
  if (path === consolePages.configuration) return <ConfigurationPage />;
  if (path === consolePages.users) return <UsersPage />;
  if (path === consolePages.audit) return <AuditPage />;
  if (path === consolePages.messages) return <MessagesPage openId={null} />;
  const openId = /^\/messages\/([0-9a-f-]{36})$/.exec(path)?.[1];
  if (openId !== undefined) return <MessagesPage openId={openId} />;
  return <OverviewPage />;
}

/** One after the other, when the browser has nothing else to do. One that fails now is asked for when somebody goes there. */
async function fetchLaterPages(): Promise<void> {
  for (const load of Object.values(laterPages)) {
    await door.idle();
    await load().catch(() => undefined);
  }
}
