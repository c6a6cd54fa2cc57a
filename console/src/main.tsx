import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import { App } from './app.tsx';
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

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
