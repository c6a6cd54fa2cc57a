import type { JSX } from 'react';
import { useStore } from '../browser/store.ts';
import { Dialog } from '../parts/dialog.tsx';
import { signOut } from '../session/look-who-is-there.ts';
import { session } from '../session/session.ts';
import { settings, themes } from '../settings/settings.ts';
import { browserZone } from '../settings/times.ts';
import { texts } from '../texts.ts';

/** Asked of the browser when somebody opens the dialog: it takes a while over it. */
function zones(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
}

export function DisplayDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { theme, zone } = useStore(settings);
  const who = useStore(session);
  return (
    <Dialog title={texts.display.title} onClose={onClose}>
      <div className="dialog-body">
        <fieldset className="segments">
          <legend className="label">{texts.display.theme}</legend>
          {themes.map((one) => (
            <label key={one}>
              <input
                type="radio"
                name="theme"
                checked={theme === one}
                onChange={() => settings.update((before) => ({ ...before, theme: one }))}
              />
              <span>{texts.display.themes[one]}</span>
            </label>
          ))}
        </fieldset>
        <label>
          <span className="label">{texts.display.zone}</span>
          <select
            className="field"
            value={zone ?? ''}
            onChange={({ target }) =>
              settings.update((before) => ({ ...before, zone: target.value === '' ? null : target.value }))
            }
          >
            <option value="">{texts.display.zoneOfBrowser(browserZone())}</option>
            {zones().map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        {who.mode === 'signed in' && (
          <div className="display-account">
            <p>
              {texts.display.signedInBy[who.by](who.who.displayName || who.who.name)}
              <small>{who.who.roles.join(', ')}</small>
            </p>
            {who.by !== 'certificate' && (
              <button
                type="button"
                className="button"
                onClick={() => {
                  onClose();
                  void signOut();
                }}
              >
                {texts.display.signOut}
              </button>
            )}
          </div>
        )}
      </div>
    </Dialog>
  );
}
