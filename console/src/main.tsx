import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import { consolePages } from '../../src/model/console-pages.ts';
import { App } from './app.tsx';
import { readAhead } from './messages/messages-page.tsx';
import { addSelected } from './messages/selection.ts';
import { lookWhoIsThere } from './session/look-who-is-there.ts';
import { takeFromAddress } from './session/session.ts';
import { applyTheme } from './settings/settings.ts';

// Schemas that compile themselves to code would be refused by the content security policy.
z.config({ jitless: true });
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
