// oxlint-disable-next-line import/no-unassigned-import -- it is there for what it does, before all others
import './browser/plain-schemas.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { consolePages } from '../../src/model/console-pages.ts';
import { App } from './app.tsx';
import { readAhead } from './messages/messages-page.tsx';
import { addSelected } from './messages/selection.ts';
import { lookWhoIsThere } from './session/look-who-is-there.ts';
import { takeFromAddress } from './session/session.ts';
import { applyTheme } from './settings/settings.ts';

applyTheme();
const selected = takeFromAddress().get('selected');
if (selected !== null) addSelected(selected.split(','));
void lookWhoIsThere();
if (window.location.pathname === consolePages.messages) readAhead(window.location.search);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
