import { useState, type FormEvent, type JSX } from 'react';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { browserZone } from '../settings/times.ts';
import { texts } from '../texts.ts';
import type { MessageFeed } from './message-feed.ts';

const t = texts.messages;

/** Goes to what was there at a time, out of a million messages, without reading what is newer. */
export function GoToTime({ feed }: { readonly feed: MessageFeed }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const time = new FormData(event.currentTarget).get('time');
    const wallMs = typeof time === 'string' ? new Date(time).getTime() : Number.NaN;
    if (Number.isNaN(wallMs)) return;
    // To the second: everything of that second is shown too.
    feed.reload(wallMs + 1_000);
    setOpen(false);
  };
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        <Icon name="clock" />
        <span className="tool-word">{t.before}</span>
      </button>
      {isOpen && (
        <Dialog title={t.before} onClose={() => setOpen(false)}>
          <form className="dialog-body" onSubmit={submit}>
            <label>
              <span className="label">{t.beforeAbout(browserZone())}</span>
              <input className="field" name="time" type="datetime-local" step="1" required autoFocus />
            </label>
            <div className="dialog-actions">
              <button type="submit" className="button primary">
                {t.goBefore}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
