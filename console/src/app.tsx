import { useRef, useState, type JSX } from 'react';
import { consolePages } from '../../src/model/console-pages.ts';
import { UsersPage } from './access/users-page.tsx';
import { AuditPage } from './audit/audit-page.tsx';
import { place } from './browser/place.ts';
import { useStore } from './browser/store.ts';
import { ConfigurationPage } from './configuration/configuration-page.tsx';
import { MessagesPage } from './messages/messages-page.tsx';
import { NodesPage } from './nodes/nodes-page.tsx';
import { UndertakingsTray } from './operations/undertakings-tray.tsx';
import { OverviewPage } from './overview/overview-page.tsx';
import { PoolPage } from './pool/pool-page.tsx';
import { session } from './session/session.ts';
import { SetupPage } from './session/setup-page.tsx';
import { SignIn } from './session/sign-in.tsx';
import { ConnectionBanner } from './shell/connection-banner.tsx';
import { DisplayDialog } from './shell/display-dialog.tsx';
import { Header } from './shell/header.tsx';
import { HelpDialog } from './shell/help-dialog.tsx';
import { usePageKeys } from './shell/use-page-keys.ts';
import { texts } from './texts.ts';

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
  const close = (): void => setDialog(null);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        {texts.skip}
      </a>
      <Header path={path} openHelp={() => setDialog('help')} openDisplay={() => setDialog('display')} />
      <ConnectionBanner />
      <main id="main" tabIndex={-1}>
        {pageOf(path)}
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
