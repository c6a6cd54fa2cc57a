import type { JSX } from 'react';
import { consolePages } from '../../../src/model/console-pages.ts';
import { go, place } from '../browser/place.ts';
import { useStore } from '../browser/store.ts';
import { Blank } from '../parts/blank.tsx';
import { Segments } from '../parts/segments.tsx';
import { mayAsk, useMe } from '../session/allowed.ts';
import { texts } from '../texts.ts';
import { RolesPanel } from './roles-panel.tsx';
import { SessionsPanel } from './sessions-panel.tsx';
import { TokensPanel } from './tokens-panel.tsx';
import { UsersPanel } from './users-panel.tsx';

const t = texts.access;
const panels = {
  users: UsersPanel,
  roles: RolesPanel,
  tokens: TokensPanel,
  sessions: SessionsPanel,
} as const;
const tabs = ['users', 'roles', 'tokens', 'sessions'] as const;

/** Who may do what: people, what their roles allow, service tokens, and who is signed in. */
export function UsersPage(): JSX.Element {
  const { search } = useStore(place);
  const asked = new URLSearchParams(search).get('show');
  const shown = tabs.find((one) => one === asked) ?? 'users';
  const may = mayAsk(useMe(), 'GET /api/v1/users');
  const Panel = panels[shown];
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t.title}</h1>
        <Segments
          label={t.show}
          name="show"
          value={shown}
          options={tabs.map((one) => [one, t.tabs[one]])}
          choose={(one) => go(`${consolePages.users}${one === 'users' ? '' : `?show=${one}`}`)}
        />
      </header>
      {may === true ? <Panel /> : <Blank icon="person" title={t.noRight(may)} hint={t.noRightHint} />}
    </div>
  );
}
